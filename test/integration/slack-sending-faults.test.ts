import { expect, test } from "vitest";
import { answerOf, askedBench, insertRun, insertThread, personSays, sendUntilOut, slackBench, startSpeaker, until } from "../support/slack-sending.ts"; // prettier-ignore

const { signal } = new AbortController();
const TEST_MS = 90_000;
const long = Array.from({ length: 70 }, (_, n) => `Paragraph ${n}. ${"word ".repeat(60)}`).join("\n\n");

for (const kind of ["lost", "500", "hang after"])
  test(
    `a post whose answer is ${kind} is not posted again: Slack is asked for it`,
    async () => {
      await using all = await askedBench();
      const { db, slack, thread, runId, replies } = all;
      const speaker = startSpeaker(db, slack, { backgroundTimeoutMs: 1_500 });
      const file = { name: "a.txt", mediaType: "text/plain", size: 1, content: Buffer.from("x") };
      const answer = await answerOf(db, thread, { runId, answer: long, carried: { files: [file] } });
      slack.fail({ method: "chat.postMessage", kind });
      // One of the parts in the middle meets the fault, too; and the file at the end.
      slack.fail({ method: "files.completeUploadExternal", kind });
      const ends = await sendUntilOut(speaker.channel, answer);
      expect(ends).toEqual(["unknown", "unknown", "delivered"]);
      expect(replies().length).toBe(4);
      expect(new Set(replies().map((one) => slack.shown(one))).size).toBe(4);
      expect(slack.faults).toEqual([]);
    },
    TEST_MS,
  );

test(
  "who asks the Slack client to post has it posted once, whatever becomes of the answer",
  async () => {
    await using all = await askedBench();
    const { slack, speaker } = all;
    const team = await speaker.clients.of("T0000000001");
    for (const client of [team?.interactive, team?.background]) {
      slack.fail({ method: "chat.postMessage", kind: "500" });
      const before = slack.callsOf("chat.postMessage").length;
      await expect(client?.chat.postMessage({ channel: "CGENERAL1", text: "x" })).rejects.toThrow("answer_lost");
      expect(slack.callsOf("chat.postMessage").length - before).toBe(1);
    }
    slack.fail({ method: "reactions.add", kind: "500" });
    const { ts = "" } = slack.messages("CGENERAL1")[0] ?? {};
    await team?.interactive.reactions.add({ channel: "CGENERAL1", timestamp: ts, name: "eyes" });
    expect(slack.callsOf("reactions.add").length).toBe(2);
  },
  TEST_MS,
);

test(
  "a channel that answers 429 waits as long as it is told, and delays no other",
  async () => {
    await using all = await askedBench();
    const { db, slack, speaker, thread, runId } = all;
    const other = await insertThread(db, { channel: "CREPO1", threadTs: personSays(slack, "CREPO1") });
    const otherRun = await insertRun(db, other);
    slack.fail({ method: "chat.postMessage", channel: "CGENERAL1", kind: "ratelimited", retryAfter: 3 });
    const began = performance.now();
    const slow = sendUntilOut(speaker.channel, await answerOf(db, thread, { runId, answer: "slow" }));
    await until("the channel is told to wait", () => slack.calls.find(({ status }) => status === 429));
    await sendUntilOut(speaker.channel, await answerOf(db, other, { runId: otherRun, answer: "quick" }));
    expect(performance.now() - began).toBeLessThan(2_500);
    expect(await slow).toEqual(["not_now", "delivered"]);
    expect(performance.now() - began).toBeGreaterThan(2_900);
    expect(slack.faults).toEqual([]);
  },
  TEST_MS,
);

test(
  "a first message of a thread whose answer was lost is found again, not posted again",
  async () => {
    await using all = await askedBench();
    const { db, slack, speaker } = all;
    const wished = await insertThread(db, { channel: "CREPO1" });
    const runId = await insertRun(db, wished);
    slack.fail({ method: "chat.postMessage", kind: "lost" });
    const answer = await answerOf(db, wished, { runId, answer: "hello" });
    expect((await speaker.channel.send(answer, signal)).is).toBe("unknown");
    await db
      .updateTable("slackThreadMapping")
      .set({ openingUntil: new Date(0) })
      .where("id", "=", wished.threadId)
      .execute();
    await sendUntilOut(speaker.channel, answer);
    const [root, ...more] = slack.messages("CREPO1");
    expect(more).toEqual([]);
    expect(slack.messages("CREPO1", root?.ts).length).toBe(2);
  },
  TEST_MS,
);

test(
  "what Slack will never take is refused with its reason, what a person can mend is tried again",
  async () => {
    await using all = await askedBench();
    const { db, slack, speaker, thread, runId } = all;
    const answer = await answerOf(db, thread, { runId, answer: "hello" });
    const channel = slack.team().channels.get("CGENERAL1");
    channel?.members.delete("UORCHBOT1");
    expect(await speaker.channel.send(answer, signal)).toMatchObject({
      is: "not_now",
      error: expect.stringContaining("/invite") as string,
    });
    channel?.members.add("UORCHBOT1");
    if (channel) channel.archived = true;
    expect(await speaker.channel.send(answer, signal)).toMatchObject({
      is: "refused",
      error: "Slack answered is_archived",
    });
    slack.team().installed = false;
    expect(await speaker.channel.send(answer, signal)).toMatchObject({
      is: "not_now",
      error: expect.stringContaining("install") as string,
    });
  },
  TEST_MS,
);

test(
  "two workspaces are spoken to with their own tokens",
  async () => {
    await using made = await slackBench({ teams: [{}, {}] });
    const { db, slack } = made;
    const speaker = startSpeaker(db, slack);
    for (const [index, channel] of ["CGENERAL1", "CGENERAL2"].entries()) {
      const thread = await insertThread(db, { team: slack.team(index).id, channel });
      const runId = await insertRun(db, thread, { asker: null });
      await sendUntilOut(speaker.channel, await answerOf(db, thread, { runId, answer: `for ${index}` }));
    }
    expect(slack.team(0).messages.length).toBe(2);
    expect(slack.team(1).messages.length).toBe(2);
    expect(slack.faults).toEqual([]);
  },
  TEST_MS,
);
