import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readConfig } from "../../src/config.ts";
import { createLogger } from "../../src/lib/logger.ts";
import { writeSetting } from "../../src/orchestration/setting-queries.ts";
import { createStanding } from "../../src/orchestration/standing-templates.ts";
import { endWhatIsOver } from "../../src/orchestration/upkeep-queries.ts";
import { readAdmissionFacts } from "../../src/runs/admission-queries.ts";
import { mayStart } from "../../src/runs/admission.ts";
import { beginAttempt } from "../../src/runs/attempt-queries.ts";
import { adoptLostSessions } from "../../src/runs/lost-workers.ts";
import { upsertWorker } from "../../src/runs/worker-queries.ts";
import { testDatabase, type TestDatabase } from "../support/database.ts";
import { insertQueuedRun } from "../support/queued-run.ts";

const WORKERS = ["one", "two", "three", "four", "five"];
const config = readConfig({ MAX_CONCURRENT_RUNS: "100" }).runs;
const machine = { availableBytes: 2 ** 40, disks: [] };
const log = createLogger("silent");

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
  for (const id of WORKERS) await upsertWorker(database.db, { id, hostname: id, pid: 1, version: "0", slots: 100 });
});
afterAll(() => database?.[Symbol.asyncDispose]());

type QueuedRun = Awaited<ReturnType<typeof insertQueuedRun>>;

const want = (workspaceId: string, change: { desired?: number | null; paused?: boolean; template?: string }) =>
  writeSetting(database.db, { workspaceId, kind: "desired", actor: "test", change });

/** What a worker's actor does with a run that waits: whether it began. */
const tryToBegin = (run: QueuedRun, workerId = "one"): Promise<boolean> =>
  database.db.transaction().execute(async (tx) => {
    const around = { workerId, config, machine, renewalDueSince: undefined };
    if (mayStart(await readAdmissionFacts(tx, { ...run, options: {} }, around)) !== "yes") return false;
    return (await beginAttempt(tx, run, { workerId, runDir: "/tmp/none" })) !== undefined;
  });

const isKnown = async (workspaceId: string) =>
  (await database.db.selectFrom("orchestration").select("seq").where("workspaceId", "=", workspaceId).execute())
    .length === 1;

test("of five workers that want one place at the same time exactly one gets it, however often they try", async () => {
  for (let round = 0; round < 12; round++) {
    const workspaceId = `race ${round}`;
    await want(workspaceId, { desired: 1 });
    const runs = await Promise.all(WORKERS.map((workerId) => insertQueuedRun(database.db, { workerId, workspaceId })));
    const begun = await Promise.all(runs.map((run, index) => tryToBegin(run, WORKERS[index])));
    expect(begun.filter(Boolean)).toHaveLength(1);
  }
});

test("a run that was let in before desired fell to 0 keeps its place until it ends, and nothing takes another", async () => {
  const workspaceId = "lowered";
  await want(workspaceId, { desired: 1 });
  const [first, second] = [
    await insertQueuedRun(database.db, { workerId: "one", workspaceId }),
    await insertQueuedRun(database.db, { workerId: "two", workspaceId }),
  ];
  // Its process is not started yet: nothing but the ledger knows of it.
  expect(await tryToBegin(first)).toBe(true);
  await want(workspaceId, { desired: 0 });
  await want(workspaceId, { desired: 1 });
  expect(await tryToBegin(second, "two")).toBe(false);
  const end = { status: "succeeded", reason: "success", finishedAt: new Date() };
  await database.db.updateTable("runs").set(end).where("id", "=", first.id).execute();
  expect(await tryToBegin(second, "two")).toBe(true);
});

test("workspaces whose ids differ in case, in spaces, or only in how a letter is composed are different ones", async () => {
  const ids = ["Acme/Ä", "acme/ä", "Acme/A\u0308", "Acme/Ä ", "acme/a\u0308"];
  await want(ids[0] ?? "", { desired: 0 });
  const begun: boolean[] = [];
  for (const workspaceId of ids)
    begun.push(await tryToBegin(await insertQueuedRun(database.db, { workerId: "one", workspaceId })));
  expect(begun).toEqual([false, true, true, true, true]);
});

test("a workspace in which something waits, or that is paused, does not expire: what it holds back stays held back", async () => {
  const outdated = async (workspaceId: string, change: Parameters<typeof want>[1]) => {
    await want(workspaceId, change);
    await sql`update orchestration set touched_at = now() - interval '8 days' where workspace_id = ${workspaceId}`.execute(
      database.db,
    );
  };
  const held = await insertQueuedRun(database.db, { workerId: "one", workspaceId: "old and queued" });
  await outdated("old and queued", { desired: 0 });
  await outdated("old and paused", { paused: true });
  await outdated("old", { desired: 3 });
  await endWhatIsOver(database.db, { workspaceDays: 7 });
  expect(await tryToBegin(held)).toBe(false);
  expect([await isKnown("old and queued"), await isKnown("old and paused"), await isKnown("old")]).toEqual([
    true,
    true,
    false,
  ]);
});

test("a workspace whose template breaks does not keep others from being filled", async () => {
  for (const id of ["a", "b", "c"]) await want(`standing ${id}`, { desired: 1, template: `template ${id}` });
  const asked: string[] = [];
  const { startMissing } = createStanding({
    db: database.db,
    log,
    sessions: {
      prepare: ({ template = "" }) => {
        asked.push(template);
        return Promise.reject(new TypeError("a fault of ours"));
      },
    },
  });
  await startMissing();
  expect(asked.toSorted()).toEqual(["template a", "template b", "template c"]);
});

test("a clone of a lost worker is taken over, whatever stands before it that cannot be", async () => {
  await upsertWorker(database.db, { id: "gone", hostname: "gone", pid: 1, version: "0", slots: 1 });
  await sql`update workers set seen_at = now() - interval '1 minute' where id = 'gone'`.execute(database.db);
  const runs: QueuedRun[] = [];
  for (let index = 0; index < 120; index++) runs.push(await insertQueuedRun(database.db, { workerId: "gone" }));
  const ids = runs.map(({ sessionId }) => sessionId);
  await database.db
    .updateTable("sessions")
    .set({ projectPath: `/nowhere/${randomUUID()}` })
    .where("id", "in", ids)
    .execute();
  const clone = ids.at(-1) ?? "";
  await database.db
    .updateTable("sessions")
    .set({ projectType: "github", githubRepo: "a/b" })
    .where("id", "=", clone)
    .execute();
  const nudged: string[] = [];
  const queue = {
    withdraw: () => Promise.resolve(),
    nudge: (_: unknown, workerId: string, sessionId: string) => {
      nudged.push(`${workerId} ${sessionId}`);
      return Promise.resolve();
    },
  };
  await adoptLostSessions({ db: database.db, queue, log, workerId: "one" });
  expect(nudged).toEqual([`one ${clone}`]);
});
