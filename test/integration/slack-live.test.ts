import { expect, test } from "vitest";
import type { FakeSlackOptions } from "../support/fake-slack/fake-slack.ts";
import {
  answerOf, endRun, insertRun, insertThread, personSays, sendUntilOut, slackBench, startLive, tell, until,
} from "../support/slack-sending.ts"; // prettier-ignore

const TEST_MS = 90_000;

async function liveBench(options: FakeSlackOptions = {}, asker: string | null = "UALICE1") {
  await using parts = new AsyncDisposableStack();
  const made = parts.use(await slackBench(options));
  const threadTs = personSays(made.slack);
  const thread = await insertThread(made.db, { threadTs });
  const runId = await insertRun(made.db, thread, { asker });
  const { sessionId } = thread;
  const say = (key: string, text: string) => tell.text(made.db, sessionId, runId, { key, text });
  const work = (id: string, status?: string) =>
    tell.tool(made.db, sessionId, runId, status === undefined ? { id } : { id, status });
  const replies = () => made.slack.messages("CGENERAL1", threadTs).slice(1);
  const shows = (text: string) =>
    until(`a reply that shows ${text}`, () => replies().find((one) => made.slack.shown(one).includes(text)));
  const finish = async (answer: string) => {
    await endRun(made.db, sessionId, runId);
    return sendUntilOut(made.speaker.channel, await answerOf(made.db, thread, { runId, answer }));
  };
  const owned = parts.move();
  const show = async () => void owned.use(await startLive(made));
  const dispose = () => owned.disposeAsync();
  return { ...made, runId, say, work, replies, shows, finish, show, [Symbol.asyncDispose]: dispose };
}

test(
  "a run is streamed as it happens, and its message becomes the one answer",
  async () => {
    await using all = await liveBench();
    const { slack, say, work, replies, shows, finish } = all;
    await all.show();
    await say("1", "Let me look. <!chan");
    const message = await shows("Let me look.");
    expect(message.stream).toBe("open");
    await say("1", "Let me look. <!channel> is no word.");
    await work("one", "succeeded");
    await work("two");
    await shows("run two · 2 tool calls");
    await say("2", "Here it is:\n\n```\nhalf");
    await shows("half");
    expect(slack.shown(message)).toContain("[Stop]");
    expect(await finish("**The answer**")).toEqual(["delivered"]);

    expect(replies().length).toBe(1);
    expect(message.stream).toBe("stopped");
    expect(slack.shown(message)).toMatch(/^\*\*The answer\*\*\n1 min 5 s/u);
    expect(slack.callsOf("chat.postMessage")).toEqual([]);
    expect(slack.pings).toEqual([]);
    expect(slack.faults).toEqual([]);
  },
  TEST_MS,
);

for (const [why, options, asker] of [
  ["the workspace has no streams", { teams: [{ streaming: "unknown_method" }] }, "UALICE1"],
  ["nobody is known to stream to", {}, null],
] as const)
  test(
    `one message is edited, at most once a second, when ${why}`,
    async () => {
      await using all = await liveBench({ ...options, teams: [...("teams" in options ? options.teams : [{}])] }, asker);
      const { slack, say, work, replies, shows, finish } = all;
      await all.show();
      for (let n = 0; n < 30; n++) {
        await work(`call ${n}`, "succeeded");
        await say("1", `Word ${n}\n\n\`\`\`ts\nopen`);
        if (n === 0) await shows("Word 0");
      }
      const message = await shows("Word 29");
      expect(slack.shown(message)).toContain("30 tool calls");
      const times = message.history.map(({ at }) => at);
      const gaps = times.slice(1).map((at, n) => at - (times[n] ?? 0));
      expect(Math.min(...gaps)).toBeGreaterThan(900);
      await finish("The answer");
      expect(replies().map((one) => slack.shown(one).split("\n")[0])).toEqual(["The answer"]);
      expect(slack.callsOf("chat.startStream").length).toBeLessThanOrEqual(1);
      expect(slack.faults).toEqual([]);
    },
    TEST_MS,
  );

test(
  "a stream that Slack ended goes on as edits of the same message",
  async () => {
    await using all = await liveBench({ streamLifeMs: 1_500 });
    const { slack, say, replies, shows, finish } = all;
    await all.show();
    await say("1", "first");
    const message = await shows("first");
    await until("the stream is over", () => Date.now() - message.startedAt > 1_600 || undefined);
    await say("1", "first and second");
    await shows("and second");
    expect(message.edits).toBeGreaterThan(0);
    await finish("done");
    expect(replies().length).toBe(1);
    expect(slack.faults).toEqual([]);
  },
  TEST_MS,
);

test(
  "what a run waits for is shown, and until when",
  async () => {
    await using all = await liveBench();
    const { db, slack, runId, shows } = all;
    const waitingFor = JSON.stringify({ kind: "limit", text: "Usage limit", until: "2026-11-21T19:00:00.000Z" });
    await db
      .updateTable("runs")
      .set({ status: "waiting", waitingFor, queuedAt: new Date(Date.now() - 10_000) })
      .where("id", "=", runId)
      .execute();
    await all.show();
    await shows("Waits: Usage limit until 19:00 UTC");
    expect(slack.faults).toEqual([]);
  },
  TEST_MS,
);

test(
  "a channel that wants the result only, and a muted thread, see no progress",
  async () => {
    await using all = await liveBench();
    const { db, say, replies, finish } = all;
    const place = { team: "T0000000001", channel: "CGENERAL1", changedBy: "U" };
    await db
      .insertInto("slackChannels")
      .values({ ...place, verbosity: "result" })
      .execute();
    const muted = await insertThread(db, { channel: "CREPO1", threadTs: personSays(all.slack, "CREPO1") });
    await db.updateTable("slackThreadMapping").set({ muted: true }).where("id", "=", muted.threadId).execute();
    const mutedRun = await insertRun(db, muted);
    const other = await insertThread(db, { channel: "GSECRET1", threadTs: personSays(all.slack, "GSECRET1") });
    const otherRun = await insertRun(db, other);
    await all.show();
    await say("1", "word");
    await tell.text(db, muted.sessionId, mutedRun, { key: "1", text: "word" });
    await tell.text(db, other.sessionId, otherRun, { key: "1", text: "word" });
    await until("the third is shown", () =>
      all.slack.team().messages.find(({ channel, botId }) => channel === "GSECRET1" && botId),
    );
    expect(replies()).toEqual([]);
    expect(all.slack.team().messages.filter(({ channel }) => channel === "CREPO1").length).toBe(1);
    await finish("the result");
    expect(replies().length).toBe(1);
  },
  TEST_MS,
);

test(
  "full verbosity shows each tool call by itself",
  async () => {
    await using all = await liveBench();
    const { db, slack, work, shows, finish } = all;
    const place = { team: "T0000000001", channel: "CGENERAL1", changedBy: "U" };
    await db
      .insertInto("slackChannels")
      .values({ ...place, verbosity: "full" })
      .execute();
    await all.show();
    await work("one");
    await shows("(in_progress) Bash: run one");
    await work("one", "failed");
    await work("two", "succeeded");
    const message = await shows("(complete) Bash: run two");
    expect(slack.shown(message)).toContain("(error) Bash: run one");
    await finish("done");
    expect(slack.faults).toEqual([]);
  },
  TEST_MS,
);

test(
  "a message of ours that somebody deleted is not missed: the answer comes as a new one",
  async () => {
    await using all = await liveBench({ teams: [{ streaming: "unknown_method" }] });
    const { slack, say, replies, shows, finish } = all;
    await all.show();
    await say("1", "word");
    const message = await shows("word");
    message.deleted = true;
    await say("1", "word and more");
    await until("it is tried", () => slack.calls.find(({ answer }) => answer?.["error"] === "message_not_found"));
    await finish("the answer");
    expect(replies().map((one) => slack.shown(one).split("\n")[0])).toEqual(["the answer"]);
    expect(slack.faults).toEqual([]);
  },
  TEST_MS,
);

test(
  "silence takes the live message away",
  async () => {
    await using all = await liveBench();
    const { slack, say, replies, shows, finish } = all;
    await all.show();
    await say("1", "Nothing for me here.");
    await shows("Nothing for me");
    await finish("NO_REPLY");
    expect(replies()).toEqual([]);
    expect(slack.faults).toEqual([]);
  },
  TEST_MS,
);
