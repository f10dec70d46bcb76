import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import type { TeamOptions } from "../support/fake-slack/state.ts";
import {
  answerOf, endRun, insertRun, insertThread, personSays, sendUntilOut, slackBench, startLive, tell, until,
} from "../support/slack-sending.ts"; // prettier-ignore

/** A dead process holds what it did alone for 15 s. */
const TEST_MS = 120_000;
const program = fileURLToPath(new URL("../support/slack-live-process.ts", import.meta.url));

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}

/** A run that a process of its own shows, which can be killed. */
async function shownElsewhere(team: TeamOptions) {
  await using parts = new AsyncDisposableStack();
  const made = parts.use(await slackBench({ teams: [team] }));
  const { db, slack, connectionString } = made;
  const threadTs = personSays(slack);
  const thread = await insertThread(db, { threadTs });
  const runId = await insertRun(db, thread);
  const { id, name, botUserId, botToken } = slack.team();
  const known = JSON.stringify({ id, name, botUserId, botToken });
  const child = spawn(process.execPath, [program, connectionString, slack.apiUrl, known], { stdio: "inherit" });
  parts.defer(() => kill(child));
  const replies = () => slack.messages("CGENERAL1", threadTs).slice(1);
  const owned = parts.move();
  return {
    ...made,
    replies,
    say: (text: string) => tell.text(db, thread.sessionId, runId, { key: "1", text }),
    shows: (text: string) =>
      until(`${text} is shown`, () => replies().find((one) => slack.shown(one).includes(text)), 60_000),
    /** Waits until the process knows what it showed: which fence it left open. */
    recorded: () =>
      until("the ledger has it", async () => {
        const row = await db.selectFrom("slackProgress").select(["ts", "busyUntil"]).executeTakeFirst();
        return row?.ts && row.busyUntil === null ? row : undefined;
      }),
    kill: () => kill(child),
    show: async () => void owned.use(await startLive(made)),
    async finish(answer: string) {
      await endRun(db, thread.sessionId, runId);
      return sendUntilOut(made.speaker.channel, await answerOf(db, thread, { runId, answer }));
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

for (const [how, team, method] of [
  ["streamed", {}, "chat.startStream"],
  ["edited", { streaming: "unknown_method" }, "chat.postMessage"],
] as const) {
  test.concurrent(
    `killed in the middle of a message that is ${how}: the same message becomes the answer`,
    async () => {
      await using all = await shownElsewhere(team);
      const { slack, replies, say, shows, finish } = all;
      await say("It begins\n\n```\nopen");
      const message = await shows("It begins");
      await all.recorded();
      await all.kill();
      await finish("The answer");
      expect(replies()).toEqual([message]);
      expect(slack.shown(message)).toMatch(/^The answer\n/u);
      expect(slack.faults).toEqual([]);
    },
    TEST_MS,
  );

  test.concurrent(
    `killed in the middle of a message that is ${how}: another process goes on with it`,
    async () => {
      await using all = await shownElsewhere(team);
      const { slack, replies, say, shows, finish } = all;
      await say("It begins");
      const message = await shows("It begins");
      await all.kill();
      await all.show();
      await say("It begins and goes on");
      await shows("and goes on");
      expect(replies()).toEqual([message]);
      expect(slack.shown(message).match(/It begins/gu)?.length).toBe(1);
      await finish("The answer");
      expect(replies().length).toBe(1);
      expect(slack.faults).toEqual([]);
    },
    TEST_MS,
  );

  test.concurrent(
    `killed before it knew that its message was ${how}: the message is found and becomes the answer`,
    async () => {
      await using all = await shownElsewhere(team);
      const { slack, replies, say, shows, finish } = all;
      slack.fail({ method, kind: "hang after" });
      await say("It begins");
      const message = await shows("It begins");
      await all.kill();
      await finish("The answer");
      expect(replies()).toEqual([message]);
      expect(slack.shown(message)).toMatch(/^The answer\n/u);
      expect(slack.faults).toEqual([]);
    },
    TEST_MS,
  );
}

for (const [method, texts] of [
  ["chat.startStream", ["It begins"]],
  ["chat.appendStream", ["It begins", "It begins and goes"]],
] as const)
  test.concurrent(
    `killed before it knew what ${method} did: another process says nothing twice`,
    async () => {
      await using all = await shownElsewhere({});
      const { slack, replies, say, shows, finish } = all;
      slack.fail({ method, kind: "hang after" });
      for (const text of texts) {
        await say(text);
        await shows(text);
      }
      const message = await shows("It begins");
      await all.kill();
      await all.show();
      await say("It begins and goes on");
      await shows("and goes on");
      expect(replies()).toEqual([message]);
      expect(slack.shown(message).match(/It begins|goes/gu)).toEqual(["It begins", "goes"]);
      await finish("The answer");
      expect(replies()).toEqual([message]);
      expect(slack.faults).toEqual([]);
    },
    TEST_MS,
  );
