import { setTimeout as sleep } from "node:timers/promises";
import type { Database } from "../../src/db/database.ts";
import { appendEvents, type NewEvent } from "../../src/sessions/event-queries.ts";

const WRITERS = 6;

/** Sessions without runs, to write events into. */
export async function makeSessions(db: Database, count = 5): Promise<string[]> {
  const { id: workerId } = await db.selectFrom("workers").select("id").executeTakeFirstOrThrow();
  const rows = Array.from({ length: count }, (_, index) => ({
    title: `Feed ${index}`,
    projectType: "local",
    workerId,
  }));
  return (await db.insertInto("sessions").values(rows).returning("id").execute()).map(({ id }) => id);
}

/** What the ledger holds, in order: of rows with a key only the latest. */
export const storedEvents = (db: Database, sessionId: string) =>
  db.selectFrom("sessionEvents").select(["seq", "key"]).where("sessionId", "=", sessionId).orderBy("seq").execute();

const pick = <T>(items: readonly T[]): T => items[Math.floor(Math.random() * items.length)] as T;

/** One to four events: most are there for good, some replace the live text of a block. */
function someEvents(writer: number, n: number): NewEvent[] {
  return Array.from({ length: 1 + Math.floor(Math.random() * 4) }, (_, index) => {
    const data = { writer, n, index };
    return Math.random() < 0.4 ? { type: "text", key: `text:${writer}:${n % 3}`, data } : { type: "hook", data };
  });
}

interface Load {
  db: Database;
  sessions: readonly string[];
}

/** Appends to random sessions until told to stop, in transactions of random length, some of them over two sessions. */
async function write({ db, sessions }: Load, writer: number, signal: AbortSignal): Promise<void> {
  for (let n = 0; !signal.aborted; n++) {
    const targets = [...new Set([pick(sessions), ...(Math.random() < 0.3 ? [pick(sessions)] : [])])].toSorted();
    await db.transaction().execute(async (tx) => {
      for (const id of targets) await appendEvents(tx, id, someEvents(writer, n));
      await sleep(Math.random() ** 6 * 150);
    });
    await sleep(Math.random() * 4);
  }
}

/** Runs `use` while the writers write, and ends them. */
export async function underLoad<T>(load: Load, use: () => Promise<T>): Promise<T> {
  const stopping = new AbortController();
  const writers = Array.from({ length: WRITERS }, (_, index) => write(load, index, stopping.signal));
  try {
    return await use();
  } finally {
    stopping.abort();
    await Promise.all(writers);
  }
}
