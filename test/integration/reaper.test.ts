import { spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { findMarkedProcesses, MARKER_VARIABLE, sweepMarker } from "../../src/claude/marked-processes.ts";
import { createLogger } from "../../src/lib/logger.ts";
import { startReaper } from "../../src/runs/reaper.ts";
import { testDatabase, type TestDatabase } from "../support/database.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

const started: ChildProcess[] = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
});

/** A process as a run leaves it: in a session of its own, with nothing of the run but its mark. */
async function startMarked(marker: string): Promise<ChildProcess> {
  const child = spawn("sleep", ["300"], {
    env: { PATH: "/usr/bin:/bin", [MARKER_VARIABLE]: marker },
    stdio: "ignore",
    detached: true,
  });
  started.push(child);
  await once(child, "spawn");
  return child;
}

/** A run with one attempt, over for so many seconds; on when absent. */
async function insertRun(overForSeconds?: number): Promise<string> {
  const { db } = database;
  await db
    .insertInto("workers")
    .values({ id: "w", hostname: "h", pid: 1, version: "0", slots: 1 })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const session = { title: "a session", projectType: "local", projectPath: "/", workerId: "w" };
  const { id: sessionId } = await db.insertInto("sessions").values(session).returning("id").executeTakeFirstOrThrow();
  const { id: messageId } = await db
    .insertInto("sessionMessages")
    .values({ sessionId, direction: "inbound", content: "?", source: "api" })
    .returning("id")
    .executeTakeFirstOrThrow();
  const finishedAt = overForSeconds === undefined ? null : new Date(Date.now() - overForSeconds * 1000);
  const end = finishedAt ? { status: "succeeded", reason: "success", finishedAt } : { status: "running" };
  const { id: runId } = await db
    .insertInto("runs")
    .values({ sessionId, messageId, number: 1, attempt: 1, ...end })
    .returning("id")
    .executeTakeFirstOrThrow();
  await db.insertInto("attempts").values({ runId, attempt: 1, workerId: "w", runDir: "/", finishedAt }).execute();
  return runId;
}

const parts = () => ({
  db: database.db,
  log: createLogger("silent"),
  findMarked: findMarkedProcesses,
  sweep: sweepMarker,
});

test("what a run that is over left behind is ended at the next start; live runs and other installations are left alone", async () => {
  const live = await insertRun();
  const over = await insertRun(60);
  const ending = await insertRun(0);
  const spared = await Promise.all([`${live}.1`, `${ending}.1`, `${randomUUID()}.1`, "someone-else"].map(startMarked));
  const doomed = await Promise.all([`${over}.1`, `${over}.1`, `${live}.2`].map(startMarked));
  const ended = Promise.all(doomed.map((child) => once(child, "exit")));

  await using reaper = await startReaper(parts());
  await ended;
  expect(doomed.map(({ signalCode }) => signalCode)).toEqual(["SIGKILL", "SIGKILL", "SIGKILL"]);
  expect(spared.map(({ signalCode, exitCode }) => signalCode ?? exitCode)).toEqual([null, null, null, null]);
  expect(reaper.ended).toBe(3);
  expect(await reaper.count()).toEqual({ live: 2, orphaned: 0 });
});

test("what is left behind later shows in the gauge until the next look ends it", async () => {
  await using reaper = await startReaper(parts());
  const over = await insertRun(60);
  const child = await startMarked(`${over}.1`);
  expect(await reaper.count()).toEqual({ live: 0, orphaned: 1 });
  const ended = once(child, "exit");
  await reaper.reap();
  await ended;
  expect(await reaper.count()).toEqual({ live: 0, orphaned: 0 });
  expect(reaper.ended).toBe(1);
});
