import { sql, type Kysely } from "kysely";
import type { DB } from "./schema.ts";

/**
 * Transaction numbers belong to one PostgreSQL cluster. In a database restored from the dump of another, events may be
 * dated in the future, and whoever reads the feed by transaction would wait for it: they become long past. Rows of this
 * cluster are never meant, since no row can be seen whose transaction the own snapshot does not know.
 */
export async function datePastEvents(db: Kysely<DB>): Promise<void> {
  const { rows } = await sql<{ there: boolean }>`select to_regclass('session_events') is not null as there`.execute(db);
  if (rows[0]?.there !== true) return;
  await sql`update session_events set tx = '3' where tx >= pg_snapshot_xmax(pg_current_snapshot())`.execute(db);
}
