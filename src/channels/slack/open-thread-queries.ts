import { sql, type Kysely } from "kysely";
import type { DB } from "../../db/schema.ts";

/** A thread a session is talked about in, with what its first message says. */
export interface SlackThread {
  id: string;
  sessionId: string;
  team: string;
  channel: string;
  threadTs: string | null;
  muted: boolean;
  title: string;
  repository: string | null;
}

export const findSlackThread = (db: Kysely<DB>, id: string): Promise<SlackThread | undefined> =>
  db
    .selectFrom("slackThreadMapping as t")
    .innerJoin("sessions as s", "s.id", "t.sessionId")
    .select([
      "t.id",
      "t.sessionId",
      "t.team",
      "t.channel",
      "t.threadTs",
      "t.muted",
      "s.title",
      "s.githubRepo as repository",
    ])
    .where("t.id", "=", id)
    .executeTakeFirst();

/** The call that posts a first message takes no longer. */
const OPENING_MS = 30_000;

/**
 * Who gets "fresh" posts the first message; who gets "again" looks first whether an earlier one did: it died, or its
 * answer was lost. "taken": somebody else is at it, or has done it.
 */
export async function claimOpening(db: Kysely<DB>, id: string): Promise<"fresh" | "again" | "taken"> {
  const { rows } = await sql<{ earlier: Date | null }>`
    with found as (
      select id, opening_until from slack_thread_mapping
      where id = ${id} and thread_ts is null and (opening_until is null or opening_until < now()) for update
    )
    update slack_thread_mapping t set opening_until = now() + ${OPENING_MS} * interval '1 millisecond'
    from found where t.id = found.id returning found.opening_until as earlier`.execute(db);
  const [claimed] = rows;
  if (!claimed) return "taken";
  return claimed.earlier === null ? "fresh" : "again";
}

/** The thread is there. Its channel may have been given by name, its workspace not at all: from now on both are known. */
export const recordOpened = (
  db: Kysely<DB>,
  id: string,
  { team, channel, threadTs }: { team: string; channel: string; threadTs: string },
) =>
  db
    .updateTable("slackThreadMapping")
    .set({ team, channel, threadTs, openingUntil: null })
    .where("id", "=", id)
    .where("threadTs", "is", null)
    .execute();

/** No first message was posted, for sure. */
export const releaseOpening = (db: Kysely<DB>, id: string) =>
  db.updateTable("slackThreadMapping").set({ openingUntil: null }).where("id", "=", id).execute();
