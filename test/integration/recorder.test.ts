import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { createClaude } from "../../src/claude/claude.ts";
import { readConfig } from "../../src/config.ts";
import { beginAttempt } from "../../src/runs/attempt-queries.ts";
import { takeLease } from "../../src/runs/lease-queries.ts";
import { createRecorder } from "../../src/runs/recorder.ts";
import { upsertWorker } from "../../src/runs/worker-queries.ts";
import { testEnvironment } from "../support/app.ts";
import { testDatabase } from "../support/database.ts";
import { insertQueuedRun } from "../support/queued-run.ts";

const STREAM = new URL("../fixtures/claude-cli/stream-bash.jsonl", import.meta.url);
const WORKER = { id: "one", hostname: "here", pid: 1, version: "0", slots: 1 };

/** A run with its attempt, and the recorder of its stream. */
async function openRecorder() {
  await using parts = new AsyncDisposableStack();
  const { db } = parts.use(await testDatabase());
  await upsertWorker(db, WORKER);
  const due = await insertQueuedRun(db, { workerId: WORKER.id });
  const { id: runId, sessionId } = due;
  const lease = await takeLease(db, { sessionId, workerId: WORKER.id, processId: sessionId });
  if (!lease) throw new Error("the lease was not given");
  const begin = { workerId: WORKER.id, runDir: "/nowhere" };
  const row = await db.transaction().execute((tx) => beginAttempt(tx, due, begin));
  if (!row) throw new Error("no attempt was begun");
  const config = readConfig(testEnvironment("/nowhere", {}));
  const claude = createClaude({ config: config.claude, claudeDir: config.runs.claudeDir, hookUrl: () => "" });
  const recorder = createRecorder(
    { db, lease, stream: claude.readStream() },
    { runId, sessionId, attempt: row.attempt },
  );
  const kept = parts.move();
  return {
    recorder,
    /** What the feed tells of texts and calls, in its order. */
    said: async () => {
      const events = await db.selectFrom("sessionEvents").select(["type", "data"]).orderBy("seq").execute();
      return events
        .filter(({ type }) => type === "text" || type === "tool")
        .map(({ data }) => data as { text?: string; tool?: string; status?: string })
        .map(({ text, tool, status }) => text ?? `${tool} ${status}`);
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

const lines = readFileSync(STREAM, "utf8").trim().split("\n");
const offsetAfter = (count: number): number => Buffer.byteLength(lines.slice(0, count).join("\n")) + 1;

test("texts and calls are told in the order in which Claude said them, however many lines are read at once", async () => {
  const told = [];
  for (const atOnce of [1, 2, lines.length]) {
    await using run = await openRecorder();
    for (let read = 0; read < lines.length; read += atOnce)
      await run.recorder.take(lines.slice(read, read + atOnce), offsetAfter(Math.min(lines.length, read + atOnce)));
    await run.recorder.settle({ all: true });
    told.push(await run.said());
  }
  const [one, two, all] = told;
  expect(one).toEqual([expect.any(String), "Bash succeeded", expect.any(String)]);
  expect(two).toEqual(one);
  expect(all).toEqual(one);
});
