import { sql, type Kysely } from "kysely";
import type { DB } from "../../db/schema.ts";
import type { Verbosity } from "./parse-command.ts";
import type { PostDecision } from "./post-decision.ts";
import type { Mode } from "./route-post.ts";

export interface PostPlace {
  team: string;
  channel: string;
  ts: string;
}

export interface PostRow extends PostPlace {
  threadTs: string;
  userId: string;
  decision: PostDecision;
  handledAt: Date | null;
}

const POST = ["team", "channel", "ts", "threadTs", "userId", "decision", "handledAt"] as const;

const asPost = <R extends { decision: unknown }>(row: R) => ({ ...row, decision: row.decision as PostDecision });

export async function findPost(db: Kysely<DB>, { team, channel, ts }: PostPlace): Promise<PostRow | undefined> {
  const row = await db
    .selectFrom("slackPosts")
    .select(POST)
    .where("team", "=", team)
    .where("channel", "=", channel)
    .where("ts", "=", ts)
    .executeTakeFirst();
  return row && asPost(row);
}

/** Keeps what was decided for a post. The first decision counts: it is the one that is returned. */
export async function keepDecision(db: Kysely<DB>, post: Omit<PostRow, "handledAt">): Promise<PostRow> {
  await db
    .insertInto("slackPosts")
    .values({ ...post, decision: JSON.stringify(post.decision) })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const kept = await findPost(db, post);
  if (!kept) throw new Error("a post that was just kept is gone");
  return kept;
}

export const markHandled = (
  db: Kysely<DB>,
  { team, channel, ts }: PostPlace,
  made: { sessionId: string | null; messageId: string | null },
) =>
  db
    .updateTable("slackPosts")
    .set({ ...made, handledAt: sql<Date>`now()` })
    .where("team", "=", team)
    .where("channel", "=", channel)
    .where("ts", "=", ts)
    .execute();

/** The thread of a session; sessions bound by API may not know their workspace. */
export const findThread = (db: Kysely<DB>, { team, channel, threadTs }: Omit<PostPlace, "ts"> & { threadTs: string }) =>
  db
    .selectFrom("slackThreadMapping")
    .select(["id", "sessionId", "muted"])
    .where("team", "in", [team, ""])
    .where("channel", "=", channel)
    .where("threadTs", "=", threadTs)
    .orderBy("team", "desc")
    .executeTakeFirst();

export const muteThread = (db: Kysely<DB>, id: string, muted: boolean) =>
  db.updateTable("slackThreadMapping").set({ muted }).where("id", "=", id).execute();

export interface ChannelSettings {
  repository: string | null;
  mode: Mode | null;
  verbosity: Verbosity | null;
}

const NOTHING_SET: ChannelSettings = { repository: null, mode: null, verbosity: null };

/** What people chose for a channel by command. */
export async function findChannelSettings(db: Kysely<DB>, team: string, channel: string): Promise<ChannelSettings> {
  const row = await db
    .selectFrom("slackChannels")
    .select(["repository", "mode", "verbosity"])
    .where("team", "=", team)
    .where("channel", "=", channel)
    .executeTakeFirst();
  return row ? (row as ChannelSettings) : NOTHING_SET;
}

export const setChannel = (
  db: Kysely<DB>,
  { team, channel }: Omit<PostPlace, "ts">,
  change: Partial<ChannelSettings> & { changedBy: string },
) =>
  db
    .insertInto("slackChannels")
    .values({ team, channel, ...change })
    .onConflict((conflict) =>
      conflict.columns(["team", "channel"]).doUpdateSet({ ...change, changedAt: sql<Date>`now()` }),
    )
    .execute();

/** The sessions with threads in a channel, the newest first. */
export const findChannelSessions = (db: Kysely<DB>, { team, channel }: Omit<PostPlace, "ts">, limit: number) =>
  db
    .selectFrom("slackThreadMapping as t")
    .innerJoin("sessions as s", "s.id", "t.sessionId")
    .select(["s.id", "s.title", "s.status", "s.activity"])
    .where("t.team", "in", [team, ""])
    .where("t.channel", "=", channel)
    .orderBy("s.updatedAt", "desc")
    .limit(limit)
    .execute();

/** The thread a post of ours or of a person stands in, as far as it is known here. */
export async function findThreadOf(db: Kysely<DB>, { team, channel, ts }: PostPlace): Promise<string | undefined> {
  const { rows } = await sql<{ threadTs: string }>`
    select thread_ts from slack_posts where team = ${team} and channel = ${channel} and ts = ${ts}
    union all
    select t.thread_ts from slack_thread_mapping t join slack_progress p on p.thread_id = t.id
      where t.team in (${team}, '') and t.channel = ${channel} and t.thread_ts is not null and p.ts = ${ts}
    limit 1`.execute(db);
  return rows[0]?.threadTs;
}

/** The message that was made for a post, when it was made before. */
export async function findPosted(
  db: Kysely<DB>,
  { door, externalId }: { door: string; externalId: string },
): Promise<string | undefined> {
  const row = await db
    .selectFrom("inbox")
    .select(sql<string | null>`answer ->> 'messageId'`.as("messageId"))
    .where("door", "=", door)
    .where("externalId", "=", externalId)
    .executeTakeFirst();
  return row?.messageId ?? undefined;
}
