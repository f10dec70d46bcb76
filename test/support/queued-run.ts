import type { Database } from "../../src/db/database.ts";
import { findDueRun } from "../../src/runs/run-queries.ts";

/** A session of a worker with a run that waits in its queue, written straight into the ledger; nobody is told. */
export async function insertQueuedRun(
  db: Database,
  { workerId, workspaceId, queuedAt = new Date() }: { workerId: string; workspaceId?: string; queuedAt?: Date },
) {
  const metadata = JSON.stringify(workspaceId === undefined ? {} : { workspaceId });
  const row = { title: "t", projectType: "local", projectPath: "/tmp", workerId, metadata };
  const { id: sessionId } = await db.insertInto("sessions").values(row).returning("id").executeTakeFirstOrThrow();
  return insertNextRun(db, sessionId, { number: 1, queuedAt });
}

/** One more run of a session. */
export async function insertNextRun(
  db: Database,
  sessionId: string,
  { number, queuedAt = new Date() }: { number: number; queuedAt?: Date },
) {
  const said = { sessionId, direction: "inbound", content: "go", source: "api" };
  const message = await db.insertInto("sessionMessages").values(said).returning("id").executeTakeFirstOrThrow();
  await db.insertInto("runs").values({ sessionId, messageId: message.id, number, queuedAt }).execute();
  const due = await findDueRun(db, sessionId);
  if (!due) throw new Error("the run is not due");
  return due.run;
}
