import { type Kysely, sql } from "kysely";
import type { DB } from "../db/schema.ts";

export async function upsertProcess(db: Kysely<DB>, process: { id: string; url: string }): Promise<void> {
  await db
    .insertInto("hub.processes")
    .values(process)
    .onConflict((oc) => oc.column("id").doUpdateSet({ url: process.url, seenAt: sql<Date>`now()` }))
    .execute();
}

export async function deleteProcess(db: Kysely<DB>, id: string): Promise<void> {
  await db.deleteFrom("hub.processes").where("id", "=", id).execute();
}

export async function deleteLostProcesses(db: Kysely<DB>, silentMs: number): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom("hub.processes")
    .where("seenAt", "<", sql<Date>`now() - ${silentMs} * interval '1 millisecond'`)
    .executeTakeFirst();
  return Number(numDeletedRows);
}

export const findProcessUrl = async (db: Kysely<DB>, id: string): Promise<string | undefined> =>
  (await db.selectFrom("hub.processes").select("url").where("id", "=", id).executeTakeFirst())?.url;
