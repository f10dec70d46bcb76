import { createHash, randomUUID } from "node:crypto";
import { sql, type Kysely, type Selectable } from "kysely";
import { claimUndoubled, fromNow } from "../db/claims.ts";
import type { Database } from "../db/database.ts";
import { notify } from "../db/notify.ts";
import type { DB, Inbox } from "../db/schema.ts";
import { capText } from "../lib/text.ts";

/** NOTIFY channel that says: the inbox holds something to be handled. */
export const INBOX = "inbox";

export interface NewEntry {
  door: string;
  /** What the sender calls it; the second of one name is the first again. At most 500 characters. */
  externalId: string;
  /** Entries of one door with the same key are handled one after the other, in the order in which they came. */
  threadKey: string;
  payload?: object;
  content?: Buffer;
}

/** An entry that this process alone handles, until `claim` runs out or is renewed. */
export type ClaimedEntry = Selectable<Inbox> & { claim: string };

const MAX_REASON = 1_000;

/** What jsonb refuses becomes the replacement character. */
const storable = (_key: string, value: unknown): unknown =>
  typeof value === "string" ? value.toWellFormed().replaceAll("\u0000", "\uFFFD") : value;

/** Keeps what came in, once; false when it was here before. Its sender may be told so after the commit. */
export async function insertEntry(db: Database, { payload = {}, content, ...entry }: NewEntry): Promise<boolean> {
  const json = JSON.stringify(payload, storable);
  const bodyHash = createHash("sha256")
    .update(json)
    .update(content ?? "")
    .digest();
  return db.transaction().execute(async (tx) => {
    const inserted = await tx
      .insertInto("inbox")
      .values({
        ...entry,
        bodyHash,
        payload: json,
        content: content ?? null,
        status: "received",
      })
      .onConflict((conflict) => conflict.doNothing())
      .returning("door")
      .executeTakeFirst();
    if (inserted) await notify(tx, INBOX, "");
    return inserted !== undefined;
  });
}

interface Claiming {
  doors: readonly string[];
  now: Date;
  claimMs: number;
}

/**
 * Takes the entry that is due longest: the first of its thread that is not done. One whose handler died (its claim ran
 * out) is taken over. Undefined when nothing is due.
 */
export const claimEntry = (db: Database, claiming: Claiming): Promise<ClaimedEntry | undefined> =>
  claimUndoubled(() => claimOnce(db, claiming));

function claimOnce(db: Database, { doors, now, claimMs }: Claiming): Promise<ClaimedEntry | undefined> {
  return db.transaction().execute(async (tx) => {
    const { rows } = await sql<{ position: number }>`
      select e.position from inbox e
      where e.status in ('received', 'handling') and e.next_at <= ${now}
        and (e.status = 'received' or e.claim_until < now())
        and e.door = any(${doors})
        and not exists (select 1 from inbox earlier where earlier.door = e.door and earlier.thread_key = e.thread_key
          and earlier.position < e.position and earlier.status in ('received', 'handling'))
      order by e.next_at, e.position
      limit 1 for update skip locked`.execute(tx);
    const [due] = rows;
    if (!due) return undefined;
    const claim = randomUUID();
    const row = await tx
      .updateTable("inbox")
      .set({ status: "handling", claim, claimUntil: fromNow(claimMs), attempts: sql<number>`attempts + 1` })
      .where("position", "=", due.position)
      .returningAll()
      .executeTakeFirstOrThrow();
    return { ...row, claim };
  });
}

/** When the first of those that wait is due. */
export async function findNextEntry(db: Kysely<DB>, doors: readonly string[]): Promise<Date | undefined> {
  const next = await db
    .selectFrom("inbox")
    .select("nextAt")
    .where("status", "=", "received")
    .where("door", "in", doors)
    .orderBy("nextAt")
    .limit(1)
    .executeTakeFirst();
  return next?.nextAt;
}

/** Holds claims for longer; returns those that are still ours. */
export async function renewEntries(db: Kysely<DB>, claims: readonly string[], claimMs: number) {
  const rows = await db
    .updateTable("inbox")
    .set({ claimUntil: fromNow(claimMs) })
    .where("claim", "in", claims)
    .returning("claim")
    .execute();
  return new Set(rows.map(({ claim }) => claim));
}

export type EntryEnd =
  | { is: "done" }
  | { is: "refused"; reason: string }
  | { is: "failed"; reason: string }
  | { is: "again"; reason: string; at: Date };

/** Writes what became of an entry. False when the claim is no longer ours. What was refused or failed keeps what it said. */
export async function settleEntry(db: Kysely<DB>, { claim }: ClaimedEntry, end: EntryEnd): Promise<boolean> {
  const over = end.is === "done" ? { payload: null, content: null } : {};
  const reason = end.is === "done" ? null : capText(end.reason, MAX_REASON);
  const settled = await db
    .updateTable("inbox")
    .set({
      ...over,
      reason,
      claim: null,
      claimUntil: null,
      ...(end.is === "again"
        ? { status: "received", nextAt: end.at }
        : { status: end.is, handledAt: sql<Date>`now()` }),
    })
    .where("claim", "=", claim)
    .returning("position")
    .executeTakeFirst();
  return settled !== undefined;
}
