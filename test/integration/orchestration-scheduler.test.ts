import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readConfig } from "../../src/config.ts";
import { writeSetting } from "../../src/orchestration/setting-queries.ts";
import { countRuns } from "../../src/orchestration/upkeep-queries.ts";
import { readAdmissionFacts } from "../../src/runs/admission-queries.ts";
import { mayStart } from "../../src/runs/admission.ts";
import { beginAttempt } from "../../src/runs/attempt-queries.ts";
import { takeLease } from "../../src/runs/lease-queries.ts";
import { upsertWorker } from "../../src/runs/worker-queries.ts";
import { type TestDatabase, testDatabase } from "../support/database.ts";

const WORKERS = ["one", "two", "three"];
const RUNS = 12;
const MOST = 5;
const machine = { availableBytes: 2 ** 40, disks: [] };

let database: TestDatabase;
const config = readConfig({ MAX_CONCURRENT_RUNS: "100" }).runs;

beforeAll(async () => {
  database = await testDatabase();
  for (const id of WORKERS) await upsertWorker(database.db, { id, hostname: id, pid: 1, version: "0", slots: 100 });
});
afterAll(() => database?.[Symbol.asyncDispose]());

/** A workspace with queued runs of three workers. */
async function backlog(workspaceId: string): Promise<void> {
  const { db } = database;
  for (let index = 0; index < RUNS; index++) {
    const metadata = JSON.stringify({ workspaceId });
    const row = { title: "t", projectType: "local", projectPath: "/tmp", workerId: WORKERS[index % 3] ?? "", metadata };
    const { id: sessionId } = await db.insertInto("sessions").values(row).returning("id").executeTakeFirstOrThrow();
    const said = { sessionId, direction: "inbound", content: "go", source: "api" };
    const message = await db.insertInto("sessionMessages").values(said).returning("id").executeTakeFirstOrThrow();
    await db.insertInto("runs").values({ sessionId, messageId: message.id, number: 1 }).execute();
  }
}

const runsIn = (workspaceId: string, status: string | string[]) =>
  database.db
    .selectFrom("runs")
    .innerJoin("sessions", "sessions.id", "runs.sessionId")
    .select([
      "runs.id",
      "runs.sessionId",
      "runs.number",
      "runs.attempt",
      "runs.startedAt",
      "runs.queuedAt",
      "sessions.workerId",
    ])
    .where("sessions.orchestrationId", "=", workspaceId)
    .where("runs.status", "in", [status].flat())
    .orderBy("runs.queuedAt");

/** What a worker does with one queued run; within the transaction, and its lock, it is looked at what has come of it. */
async function tryOne(workspaceId: string, workerId: string, found: string[]): Promise<void> {
  const { db } = database;
  const run = await runsIn(workspaceId, "queued").where("sessions.workerId", "=", workerId).executeTakeFirst();
  if (!run) return;
  await takeLease(db, { sessionId: run.sessionId, workerId, processId: randomUUID() });
  await db.transaction().execute(async (tx) => {
    const around = { workerId, config, machine, renewalDueSince: undefined };
    const facts = await readAdmissionFacts(tx, { ...run, options: {} }, around);
    if (mayStart(facts) !== "yes") return;
    await beginAttempt(tx, run, { workerId, runDir: "/tmp/none" });
    const { desired } = await tx
      .selectFrom("orchestration")
      .select("desired")
      .where("workspaceId", "=", workspaceId)
      .executeTakeFirstOrThrow();
    const on = (facts.desired?.running ?? 0) + 1;
    if (desired !== null && on > desired) found.push(`${on} on, ${desired} desired`);
  });
}

/** One run that is on ends; the others are left as a process that was killed leaves them: on, until somebody ends them. */
async function endOne(workspaceId: string): Promise<void> {
  const run = await runsIn(workspaceId, "running").executeTakeFirst();
  const end = { status: "succeeded", reason: "success", finishedAt: new Date() };
  if (run) await database.db.updateTable("runs").set(end).where("id", "=", run.id).execute();
}

const want = (workspaceId: string, desired: number | null) =>
  writeSetting(database.db, { workspaceId, kind: "desired", actor: "test", change: { desired } });

const Step = fc.oneof(
  fc.record({ desired: fc.option(fc.nat({ max: MOST })) }),
  fc.record({ end: fc.constant(true) }),
  fc.record({ restMs: fc.nat({ max: 20 }) }),
);

test("however desired changes and processes die, no run begins beyond it, and there are as many as desired in the end", async () => {
  const property = fc.asyncProperty(
    fc.array(Step, { minLength: 3, maxLength: 12 }),
    fc.nat({ max: MOST }),
    async (steps, last) => {
      const workspaceId = `fleet ${randomUUID()}`;
      await want(workspaceId, 1);
      await backlog(workspaceId);
      const found: string[] = [];
      const stopped = new AbortController();
      const work = async (workerId: string): Promise<void> => {
        while (!stopped.signal.aborted) await tryOne(workspaceId, workerId, found);
      };
      const working = WORKERS.map(work);
      for (const step of steps) {
        if ("desired" in step) await want(workspaceId, step.desired);
        else if ("end" in step) await endOne(workspaceId);
        else await sleep(step.restMs);
      }
      await want(workspaceId, last);
      const on = async () => (await runsIn(workspaceId, "running").execute()).length;
      // What is beyond desired drains: it ends by itself, and nothing takes its place.
      while ((await on()) > last) await endOne(workspaceId);
      // Nothing ends any more, so it is one number whoever begins what meanwhile: it has to be one question.
      const left = (await runsIn(workspaceId, ["running", "queued"]).execute()).length;
      await expect.poll(on, { timeout: 30_000 }).toBe(Math.min(last, left));
      stopped.abort();
      await Promise.all(working);
      await countRuns(database.db);
      const counted = await database.db
        .selectFrom("orchestration")
        .select(["running", "desired"])
        .where("workspaceId", "=", workspaceId)
        .executeTakeFirstOrThrow();
      expect(counted).toEqual({ running: await on(), desired: last });
      expect(found).toEqual([]);
    },
  );
  await fc.assert(property, { numRuns: 8 });
});
