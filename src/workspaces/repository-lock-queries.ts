import { setTimeout as sleep } from "node:timers/promises";
import { type Kysely, sql } from "kysely";
import type { DB } from "../db/schema.ts";

const POLL_MS = 200;

const keyOf = (name: string) => sql`hashtextextended(${`workspace repository ${name}`}, 0)`;

/**
 * Does the work while no other process does work under this name. The lock belongs to a connection, so a process that
 * dies gives it up. Asked for again and again, because a statement that waits would run into the statement timeout.
 */
export const withAdvisoryLock = <T>(
  db: Kysely<DB>,
  name: string,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> =>
  db.connection().execute(async (connection) => {
    for (;;) {
      signal.throwIfAborted();
      const { rows } = await sql<{ taken: boolean }>`select pg_try_advisory_lock(${keyOf(name)}) as taken`.execute(
        connection,
      );
      if (rows[0]?.taken) break;
      await sleep(POLL_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
    try {
      return await work();
    } finally {
      await sql`select pg_advisory_unlock(${keyOf(name)})`.execute(connection);
    }
  });
