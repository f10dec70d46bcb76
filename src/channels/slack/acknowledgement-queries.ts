import { sql, type Kysely } from "kysely";
import type { DB } from "../../db/schema.ts";
import type { PostPlace } from "./slack-queries.ts";

export interface OpenPost extends PostPlace {
  threadTs: string;
  userId: string;
  /** Its run is over, or there never was one. */
  isOver: boolean;
  /** Its run has not begun since it was asked for, and its author was not told. */
  isWaiting: boolean;
  /** Runs of the session that come first. */
  ahead: number;
  /** What the session waits for, in words. */
  waitingText: string | null;
}

/** A run that begins within this time is not worth a word. */
const WORTH_A_WORD_MS = 3_000;

/** Posts that carry our reaction, the oldest first. */
export async function findOpenPosts(db: Kysely<DB>, limit: number): Promise<OpenPost[]> {
  const { rows } = await sql<OpenPost>`
    select p.team, p.channel, p.ts, p.thread_ts, p.user_id,
      (r.id is null or r.finished_at is not null) as is_over,
      (not p.waiting_told and r.finished_at is null and r.started_at is null
        and p.handled_at < now() - ${WORTH_A_WORD_MS} * interval '1 millisecond') is true as is_waiting,
      (select count(*) from runs ahead where ahead.session_id = r.session_id and ahead.finished_at is null
        and ahead.number < r.number)::int as ahead,
      s.waiting_for ->> 'text' as waiting_text
    from slack_posts p
    left join runs r on r.message_id = p.message_id
    left join sessions s on s.id = r.session_id
    where p.handled_at is not null and p.cleared_at is null
    order by p.created_at limit ${limit}`.execute(db);
  return rows;
}

export const markCleared = (db: Kysely<DB>, { team, channel, ts }: PostPlace) =>
  db
    .updateTable("slackPosts")
    .set({ clearedAt: sql<Date>`now()` })
    .where("team", "=", team)
    .where("channel", "=", channel)
    .where("ts", "=", ts)
    .execute();

/** True for the one who may tell the post's author that it waits. */
export async function claimWaitingWord(db: Kysely<DB>, { team, channel, ts }: PostPlace): Promise<boolean> {
  const claimed = await db
    .updateTable("slackPosts")
    .set({ waitingTold: true })
    .where("team", "=", team)
    .where("channel", "=", channel)
    .where("ts", "=", ts)
    .where("waitingTold", "=", false)
    .returning("ts")
    .executeTakeFirst();
  return claimed !== undefined;
}

/** Forgets posts that no event will tell of again. */
export const forgetPosts = (db: Kysely<DB>, olderThan: Date) =>
  db.deleteFrom("slackPosts").where("createdAt", "<", olderThan).where("clearedAt", "is not", null).execute();
