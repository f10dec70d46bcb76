import { createHash } from "node:crypto";
import type { Kysely } from "kysely";
import type { Database, Transaction } from "../db/database.ts";
import type { DB } from "../db/schema.ts";
import { AppError } from "../lib/errors.ts";

/** What makes a request recognisable when it comes again: who sent it, what they call it, and what it said. */
export interface InboxEntry {
  door: string;
  externalId: string;
  bodyHash: Buffer;
}

/** `body` is hashed as JSON: the same request again has the same fields in the same order. */
export const inboxEntry = (door: string, externalId: string, body: unknown): InboxEntry => ({
  door,
  externalId,
  bodyHash: createHash("sha256").update(JSON.stringify(body)).digest(),
});

const find = (db: Kysely<DB>, { door, externalId }: InboxEntry) =>
  db
    .selectFrom("inbox")
    .select(["bodyHash", "answer"])
    .where("door", "=", door)
    .where("externalId", "=", externalId)
    .executeTakeFirst();

/** The answer the request got the first time; undefined when it is new. AppError "conflict" when it said something else then. */
export async function findAnswer(db: Kysely<DB>, entry: InboxEntry): Promise<unknown> {
  const row = await find(db, entry);
  if (row && !row.bodyHash.equals(entry.bodyHash))
    throw new AppError(
      "conflict",
      `${entry.externalId} was used before for another request; use a new key for a new one`,
    );
  return row?.answer ?? undefined;
}

/**
 * Does `work` once, whatever is sent twice or killed: the entry is written in the same transaction. Of two at the same
 * moment the second waits for the first and gets its answer. Without an entry the work is simply done.
 */
export function once<T extends object>(
  db: Database,
  entry: InboxEntry | undefined,
  work: (tx: Transaction) => Promise<T>,
): Promise<T> {
  return db.transaction().execute(async (tx) => {
    if (!entry) return work(tx);
    const inserted = await tx
      .insertInto("inbox")
      .values(entry)
      .onConflict((conflict) => conflict.doNothing())
      .returning("door")
      .executeTakeFirst();
    if (!inserted) return (await findAnswer(tx, entry)) as T;
    const answer = await work(tx);
    await tx
      .updateTable("inbox")
      .set({ answer: JSON.stringify(answer) })
      .where("door", "=", entry.door)
      .where("externalId", "=", entry.externalId)
      .execute();
    return answer;
  });
}
