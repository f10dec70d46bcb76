import { sql, type Kysely } from "kysely";
import type { DB } from "../../db/schema.ts";

export const putHeard = (db: Kysely<DB>, event: string) =>
  db
    .insertInto("slackHeard")
    .values({ event })
    .onConflict((conflict) => conflict.column("event").doUpdateSet({ lastAt: sql<Date>`now()` }))
    .execute();
