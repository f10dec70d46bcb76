import { type ChildProcess, spawn } from "node:child_process";
import { on, once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { CreateSchedule } from "../../src/contract/schedule.ts";
import { nextDue } from "../../src/lib/cron-line.ts";
import { testDatabase, type TestDatabase } from "../support/database.ts";
import { endRuns, insertWorker, openScheduling } from "../support/scheduling.ts";

const PROGRAM = fileURLToPath(new URL("../support/schedule-process.ts", import.meta.url));
const TICKS = 1_000;
/** Far less than the minute after which a time was missed: a killed process may hold a lock for some ticks. */
const STEP_MS = 2_000;
/** Ticks that are sent at once: how far the processes are apart in them is theirs to find out. */
const BATCH = 10;
const SKEW_MS = 700;
const START = Date.parse("2026-03-28T22:00:01Z");

let database: TestDatabase;
let processes: AsyncDisposableStack;
beforeEach(async () => {
  database = await testDatabase();
  processes = new AsyncDisposableStack();
});
afterEach(async () => {
  await processes.disposeAsync();
  await database[Symbol.asyncDispose]();
});

interface Ticker {
  child: ChildProcess;
  /** Resolves when it has done what was due at each of these times, or is dead. */
  tick(times: readonly Date[]): Promise<void>;
  ready: Promise<unknown>;
}

function start(): Ticker {
  const child = spawn(process.execPath, [PROGRAM, database.connectionString], { stdio: ["pipe", "pipe", "inherit"] });
  processes.defer(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, "exit");
    child.kill("SIGKILL");
    await exit;
  });
  child.stdin.on("error", () => {}); // It may be killed while it is written to.
  const exited = once(child, "exit");
  const lines = createInterface({ input: child.stdout });
  const said = async (text: string) => {
    for await (const [line] of on(lines, "line", { close: ["close"] })) if (line === text) return;
  };
  const ready = Promise.race([said("ready"), exited]);
  return {
    child,
    ready,
    async tick(times) {
      await ready;
      const last = times.at(-1)?.toISOString() ?? "";
      const done = Promise.race([said(last), exited]);
      child.stdin.write(times.map((at) => `${at.toISOString()}\n`).join(""));
      await done;
    },
  };
}

/** Makes schedules that are due from START on. */
async function make(body: Pick<CreateSchedule, "start" | "continue"> & { cron: string }) {
  const { db } = database;
  const { schedules } = openScheduling(db);
  const { scheduleId } = await schedules.create({
    name: body.cron,
    timeZone: "Europe/Berlin",
    paused: false,
    missed: "record",
    ...body,
  });
  const first = nextDue(body.cron, "Europe/Berlin", new Date(START)) ?? null;
  await db.updateTable("schedules").set({ nextDueAt: first }).where("id", "=", scheduleId).execute();
  return scheduleId;
}

const historyOf = (scheduleId: string) =>
  database.db.selectFrom("scheduleFires").selectAll().where("scheduleId", "=", scheduleId).orderBy("dueAt").execute();

test("two processes fire each time exactly once over 1,000 ticks, while one after the other is killed and started again", async () => {
  const { db } = database;
  await insertWorker(db);
  const local = { projectType: "local", projectPath: "/" } as const;
  const { sessionId } = await openScheduling(db).sessions.create({ ...local, title: "continued" });
  const starting = await make({ cron: "*/15 * * * * *", start: local });
  const continuing = await make({ cron: "* * * * *", continue: { sessionId, prompt: "Go on" } });

  const tickers = [start(), start()];
  let kills = 0;
  for (let n = 0; n < TICKS; n += BATCH) {
    const times = Array.from({ length: BATCH }, (_, index) => START + (n + index) * STEP_MS);
    // Their clocks differ by a little, as clocks do.
    const ticks = tickers.map((ticker, index) => ticker.tick(times.map((at) => new Date(at + index * SKEW_MS))));
    if (n % 120 === 50) {
      // In the middle of its work: what it had in hand is undone, and done by the other.
      const victim = kills++ % 2;
      await tickers[victim]?.ready;
      await sleep(5 * kills);
      tickers[victim]?.child.kill("SIGKILL");
      tickers[victim] = start();
    }
    await Promise.all(ticks);
    await endRuns(db, "succeeded");
  }

  const end = START + (TICKS - 1) * STEP_MS + SKEW_MS;
  const dues = (seconds: number) => {
    const first = Math.ceil(START / (seconds * 1_000)) * seconds * 1_000;
    const count = Math.floor((end - first) / (seconds * 1_000)) + 1;
    return Array.from({ length: count }, (_, index) => new Date(first + index * seconds * 1_000));
  };
  const fires = await historyOf(starting);
  expect(fires.map(({ dueAt, status }) => ({ dueAt, status }))).toEqual(
    dues(15).map((dueAt) => ({ dueAt, status: "fired" })),
  );
  const started = await db.selectFrom("sessions").select("id").where("source", "=", "schedule").execute();
  expect(new Set(started.map(({ id }) => id))).toEqual(new Set(fires.map((fire) => fire.sessionId)));
  expect(started).toHaveLength(fires.length);

  const continued = await historyOf(continuing);
  expect(continued.map(({ dueAt, status }) => ({ dueAt, status }))).toEqual(
    dues(60).map((dueAt) => ({ dueAt, status: "fired" })),
  );
  const runs = await db.selectFrom("runs").select("id").where("sessionId", "=", sessionId).orderBy("number").execute();
  expect(runs.map(({ id }) => id)).toEqual(continued.map(({ runId }) => runId));
  expect(kills).toBe(8);
}, 300_000);
