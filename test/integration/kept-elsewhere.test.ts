import { sql } from "kysely";
import { expect, test } from "vitest";
import { beginAttempt, markKept } from "../../src/runs/attempt-queries.ts";
import { upsertWorker } from "../../src/runs/worker-queries.ts";
import { testDatabase } from "../support/database.ts";
import { insertNextRun, insertQueuedRun } from "../support/queued-run.ts";

test("copies that a worker made hold what another one left before it lost the session, and nothing that came later", async () => {
  await using database = await testDatabase();
  const { db } = database;
  for (const id of ["one", "two"]) await upsertWorker(db, { id, hostname: id, pid: 1, version: "0", slots: 1 });
  const first = await insertQueuedRun(db, { workerId: "one" });
  const stranger = await insertQueuedRun(db, { workerId: "one" });

  /** A run that began and ended, whose worker was killed before it made its copies. */
  const endUnkept = async (run: typeof first, workerId: string): Promise<void> => {
    await db.transaction().execute((tx) => beginAttempt(tx, run, { workerId, runDir: "/tmp/none" }));
    await db.updateTable("attempts").set({ finishedAt: new Date() }).where("runId", "=", run.id).execute();
    const end = { status: "succeeded", reason: "success", finishedAt: new Date() };
    await db.updateTable("runs").set(end).where("id", "=", run.id).execute();
  };
  await endUnkept(first, "one");
  await endUnkept(stranger, "one");
  const second = await insertNextRun(db, first.sessionId, { number: 2 });
  await endUnkept(second, "two");
  const third = await insertNextRun(db, first.sessionId, { number: 3 });
  await endUnkept(third, "one");

  await db.transaction().execute((tx) => markKept(tx, { runId: second.id, attempt: 1 }));
  const kept = await db
    .selectFrom("attempts")
    .select(["runId", sql<boolean>`kept_at is not null`.as("isKept")])
    .execute();
  expect(Object.fromEntries(kept.map(({ runId, isKept }) => [runId, isKept]))).toEqual({
    [first.id]: true,
    [second.id]: true,
    [third.id]: false,
    [stranger.id]: false,
  });
});
