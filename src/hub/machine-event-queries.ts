import { type Kysely, sql } from "kysely";
import type { DB } from "../db/schema.ts";

export interface NewEvent {
  machineId: string;
  kind: "connected" | "status" | "disconnected" | "warning" | "error" | "command";
  text: string;
  byLogin?: string;
}

export async function insertEvents(db: Kysely<DB>, events: readonly NewEvent[]): Promise<void> {
  if (events.length > 0)
    await db
      .insertInto("hub.machineEvents")
      .values([...events])
      .execute();
}

interface EventPage {
  limit: number;
  before?: number | undefined;
  kinds?: readonly NewEvent["kind"][] | undefined;
}

/** The latest first. */
export const listEvents = (db: Kysely<DB>, machineId: string, { limit, before, kinds }: EventPage) =>
  db
    .selectFrom("hub.machineEvents")
    .select(["id", "at", "kind", "text", "byLogin"])
    .where("machineId", "=", machineId)
    .$if(before !== undefined, (query) => query.where("id", "<", before ?? 0))
    .$if(kinds !== undefined, (query) => query.where("kind", "in", [...(kinds ?? [])]))
    .orderBy("id", "desc")
    .limit(limit)
    .execute();

/** Keeps the latest `keep` of each machine. */
export async function trimEvents(db: Kysely<DB>, keep: number): Promise<void> {
  await sql`delete from hub.machine_events e using (
      select m.id as machine_id, (select id from hub.machine_events where machine_id = m.id
        order by id desc offset ${keep} limit 1) as last from hub.machines m) as old
    where e.machine_id = old.machine_id and e.id <= old.last`.execute(db);
}
