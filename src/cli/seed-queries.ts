import type { Insertable, Kysely } from "kysely";
import type { CommandLogs, DB, SessionMessages, Sessions, SlackThreadMapping } from "../db/schema.ts";

/** Of the worker that shall hold it, which is not the old database's to say. */
export type NewSession = Omit<Insertable<Sessions>, "workerId"> & { id: string };
export type NewMessage = Insertable<SessionMessages>;
export type NewCommandLog = Insertable<CommandLogs>;
export type NewThread = Insertable<SlackThreadMapping>;

/** Sessions belong to a worker; one that has never served yet is unknown. Its own start fills in the rest. */
export const ensureWorker = (db: Kysely<DB>, id: string) =>
  db
    .insertInto("workers")
    .values({ id, hostname: "", pid: 0, version: "", slots: 1 })
    .onConflict((conflict) => conflict.doNothing())
    .execute();

/** Which of these ids of Claude are taken, by other sessions than those of the same id. */
export const findClaudeIds = (db: Kysely<DB>, claudeIds: string[]) =>
  db.selectFrom("sessions").select(["id", "claudeSessionId"]).where("claudeSessionId", "in", claudeIds).execute();

/** The ids of the sessions that were new. Claude was started by a person in all of them. */
export async function insertNewSessions(db: Kysely<DB>, rows: NewSession[], workerId: string): Promise<Set<string>> {
  const inserted = await db
    .insertInto("sessions")
    .values(rows.map((row) => ({ ...row, workerId, observed: true })))
    .onConflict((conflict) => conflict.column("id").doNothing())
    .returning("id")
    .execute();
  return new Set(inserted.map(({ id }) => id));
}

/** The old workspaces are folders that are not ours to remove, whatever they were made from. */
export const insertFolders = (db: Kysely<DB>, rows: { sessionId: string; path: string }[]) =>
  db
    .insertInto("workspaces")
    .values(rows.map((row) => ({ ...row, kind: "local", state: "ready" })))
    .onConflict((conflict) => conflict.doNothing())
    .execute();

export const insertNewMessages = async (db: Kysely<DB>, rows: NewMessage[]): Promise<number> =>
  countOf(
    await db
      .insertInto("sessionMessages")
      .values(rows)
      .onConflict((conflict) => conflict.doNothing())
      .execute(),
  );

export const insertNewCommandLogs = async (db: Kysely<DB>, rows: NewCommandLog[]): Promise<number> =>
  countOf(
    await db
      .insertInto("commandLogs")
      .values(rows)
      .onConflict((conflict) => conflict.doNothing())
      .execute(),
  );

export const insertNewThreads = async (db: Kysely<DB>, rows: NewThread[]): Promise<number> =>
  countOf(
    await db
      .insertInto("slackThreadMapping")
      .values(rows)
      .onConflict((conflict) => conflict.doNothing())
      .execute(),
  );

const countOf = (results: readonly { numInsertedOrUpdatedRows?: bigint | undefined }[]): number =>
  results.reduce((sum, { numInsertedOrUpdatedRows = 0n }) => sum + Number(numInsertedOrUpdatedRows), 0);
