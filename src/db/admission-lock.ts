import { sql, type Kysely } from "kysely";
import type { DB } from "./schema.ts";

/** Any number, the same in every process. */
const ADMISSION_LOCK = 7_003_001;

/** Held until the transaction ends by whoever admits a run, and by whoever changes what admission is decided by. */
export async function holdAdmission(tx: Kysely<DB>): Promise<void> {
  await sql`select pg_advisory_xact_lock(${ADMISSION_LOCK})`.execute(tx);
}
