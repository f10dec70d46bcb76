import { randomUUID } from "node:crypto";
import { sql, type Kysely } from "kysely";
import type { DB } from "./schema.ts";

export interface Claim {
  name: string;
  claim: string;
}

const LEASE = sql<Date>`now() + interval '15 seconds'`;

/** Takes what nobody holds, or whose holder has not renewed in time. Undefined when somebody holds it. */
export async function takeAlone(db: Kysely<DB>, name: string, holder: string): Promise<Claim | undefined> {
  const claim = randomUUID();
  const taken = await db
    .insertInto("soleHolders")
    .values({ name, holder, claim, until: LEASE })
    .onConflict((conflict) =>
      conflict
        .column("name")
        .doUpdateSet({ holder, claim, until: LEASE })
        .where("soleHolders.until", "<", sql<Date>`now()`),
    )
    .returning("name")
    .executeTakeFirst();
  return taken && { name, claim };
}

/** False when somebody else has it by now. */
export async function renewAlone(db: Kysely<DB>, { name, claim }: Claim): Promise<boolean> {
  const renewed = await db
    .updateTable("soleHolders")
    .set({ until: LEASE })
    .where("name", "=", name)
    .where("claim", "=", claim)
    .returning("name")
    .executeTakeFirst();
  return renewed !== undefined;
}

export const releaseAlone = (db: Kysely<DB>, { name, claim }: Claim) =>
  db.deleteFrom("soleHolders").where("name", "=", name).where("claim", "=", claim).execute();
