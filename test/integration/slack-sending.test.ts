import { expect, test } from "vitest";
import {
  answerOf,
  askedBench,
  insertRun,
  insertThread,
  personSays,
  sendUntilOut,
  slackBench,
  startSpeaker,
} from "../support/slack-sending.ts";

const { signal } = new AbortController();
const TEST_MS = 60_000;

const file = (name: string, text: string) => ({
  name,
  mediaType: "text/plain",
  size: text.length,
  content: Buffer.from(text),
});
const paragraphs = (count: number) =>
  Array.from({ length: count }, (_, n) => `Paragraph ${n}. ${"word ".repeat(60)}`).join("\n\n");

test(
  "an answer is one message in its thread: text, what it took, where to go on",
  async () => {
    await using all = await askedBench();
    const { slack, send, replies } = all;
    expect(await send("**Done**:\n\n```ts\nconst a = 1;\n```")).toEqual({ is: "delivered" });
    const [message, ...more] = replies();
    expect(more).toEqual([]);
    expect(message && slack.shown(message)).toBe(
      "**Done**:\n\n```ts\nconst a = 1;\n```\n1 min 5 s · $0.042 · 1 file changed, +2 −3\n[Open in dashboard] [Show changes]",
    );
    expect(slack.faults).toEqual([]);
  },
  TEST_MS,
);

test(
  "text of Claude pings nobody, wherever it stands",
  async () => {
    await using bench = await slackBench();
    const { db, slack, speaker } = bench;
    const thread = await insertThread(db);
    const ping = "<!channel> <!here|here> <@UALICE1> <!subteam^S1> @channel @everyone";
    await db.updateTable("sessions").set({ title: ping }).where("id", "=", thread.sessionId).execute();
    const runId = await insertRun(db, thread);
    const pinging = { name: `${ping.slice(0, 30)}.txt`, mediaType: "text/plain", size: 1, content: Buffer.from("x") };
    const carried = { files: [pinging], refused: [{ path: ping, why: ping }] };
    await speaker.channel.send(
      await answerOf(db, thread, { runId, answer: `${ping}\n\n\`${ping}\``, carried }),
      signal,
    );
    const failed = await insertRun(db, thread, { number: 2, status: "queued" });
    const more = { status: "failed" as const, answer: null, error: ping };
    await speaker.channel.send(await answerOf(db, thread, { runId: failed, answer: ping, more }), signal);

    expect(slack.pings).toEqual([]);
    expect(slack.faults).toEqual([]);
    const said = JSON.stringify([...slack.team().messages]);
    expect(said).not.toMatch(/<!(?:channel|here|subteam)|<@U|@(?:channel|everyone)\b/iu);
    expect(said).toContain("\u200b");
  },
  TEST_MS,
);

test(
  "a long answer comes in parts, the buttons below the last; a longer one as its beginning and a file",
  async () => {
    await using all = await askedBench();
    const { db, slack, thread, send, replies } = all;
    await send(paragraphs(70));
    const parts = replies();
    expect(parts.length).toBe(3);
    expect(parts.map((part) => slack.shown(part).includes("[Open in dashboard]"))).toEqual([false, false, true]);
    expect(parts.map((part) => slack.shown(part)).join("\n")).toContain("Paragraph 69.");

    const whole = paragraphs(200);
    await send(whole, { runId: await insertRun(db, thread, { number: 2, status: "queued" }) });
    const [beginning, attached, ...rest] = replies().slice(3);
    expect(rest).toEqual([]);
    expect(beginning && slack.shown(beginning)).toContain("all of it is in the file answer.md");
    expect(attached?.files[0]?.content.toString()).toBe(whole);
    expect(slack.faults).toEqual([]);
  },
  TEST_MS,
);

test(
  "a thread that is only wished for is opened once by whoever speaks first, also when several do",
  async () => {
    await using bench = await slackBench();
    const { db, slack } = bench;
    const thread = await insertThread(db, { team: "" });
    const runs = [await insertRun(db, thread), await insertRun(db, thread, { number: 2, status: "queued" })];
    const outgoing = await Promise.all(runs.map((runId) => answerOf(db, thread, { runId, answer: "hello" })));
    await Promise.all(outgoing.map((one) => sendUntilOut(startSpeaker(db, slack).channel, one)));

    const [root, ...others] = slack.messages("CGENERAL1");
    expect(others).toEqual([]);
    expect(root && slack.shown(root)).toContain("a session");
    expect(slack.messages("CGENERAL1", root?.ts).length).toBe(3);
    const row = await db.selectFrom("slackThreadMapping").select(["team", "threadTs"]).executeTakeFirstOrThrow();
    expect(row).toEqual({ team: "T0000000001", threadTs: root?.ts });
  },
  TEST_MS,
);

test(
  "NO_REPLY says nothing, a muted thread hears nothing",
  async () => {
    await using all = await askedBench();
    const { db, thread, send, replies } = all;
    expect((await send(" NO_REPLY\n")).is).toBe("delivered");
    await db.updateTable("slackThreadMapping").set({ muted: true }).execute();
    const second = await insertRun(db, thread, { number: 2, status: "queued" });
    expect((await send("hi", { runId: second })).is).toBe("delivered");
    expect(replies()).toEqual([]);
  },
  TEST_MS,
);

test(
  "what went wrong is said in words, a stop is no failure, and verbosity decides on the small print",
  async () => {
    await using bench = await slackBench();
    const { db, slack, speaker } = bench;
    const threadTs = personSays(slack);
    const thread = await insertThread(db, { threadTs });
    const place = { team: "T0000000001", channel: "CGENERAL1", changedBy: "U" };
    await db
      .insertInto("slackChannels")
      .values({ ...place, verbosity: "result" })
      .execute();
    const ends = [
      { status: "failed" as const, error: "The usage limit is reached." },
      { status: "cancelled" as const, error: "The run was stopped. Send a message to go on." },
    ];
    for (const [number, more] of ends.entries()) {
      const runId = await insertRun(db, thread, { number: number + 1, status: number === 0 ? "running" : "queued" });
      await speaker.channel.send(
        await answerOf(db, thread, { runId, answer: "", more: { ...more, answer: null, diff: null } }),
        signal,
      );
    }
    const texts = slack
      .messages("CGENERAL1", threadTs)
      .slice(1)
      .map((one) => slack.shown(one));
    expect(texts).toEqual([
      "⚠️ **This did not work out.** The usage limit is reached.\n[Open in dashboard]",
      "🛑 The run was stopped. Send a message to go on.\n[Open in dashboard]",
    ]);
    expect(slack.faults).toEqual([]);
  },
  TEST_MS,
);

test(
  "files go out together in the thread, empty ones and refused ones do not",
  async () => {
    await using all = await askedBench();
    const { slack, send, replies } = all;
    const carried = {
      files: [file("a.txt", "A"), file("empty", ""), file("b.bin", "\u0000B")],
      refused: [{ path: "../x", why: "outside of the workspace" }],
    };
    await send("see", { carried });
    const [text, files, ...more] = replies();
    expect(more).toEqual([]);
    expect(text && slack.shown(text)).toContain("Not attached: ../x: outside of the workspace");
    expect(files?.files.map(({ name, content }) => [name, content.toString()])).toEqual([["a.txt", "A"], ["b.bin", "\u0000B"]]); // prettier-ignore
    expect(slack.faults).toEqual([]);
  },
  TEST_MS,
);
