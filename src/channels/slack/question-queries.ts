import { sql, type Kysely } from "kysely";
import type { DB } from "../../db/schema.ts";
import type { PostPlace } from "./slack-queries.ts";

export interface QuestionRow extends PostPlace {
  id: string;
  options: string[];
  repository: string | null;
  answeredBy: string | null;
}

const QUESTION = ["id", "team", "channel", "ts", "options", "repository", "answeredBy"] as const;

const asQuestion = <R extends { options: unknown }>(row: R) => ({ ...row, options: row.options as string[] });

/** The question about a post; asked a second time it is the first again. */
export async function keepQuestion(
  db: Kysely<DB>,
  { team, channel, ts }: PostPlace,
  options: readonly string[],
): Promise<QuestionRow> {
  await db
    .insertInto("slackQuestions")
    .values({ team, channel, ts, options: JSON.stringify(options) })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const row = await db
    .selectFrom("slackQuestions")
    .select(QUESTION)
    .where("team", "=", team)
    .where("channel", "=", channel)
    .where("ts", "=", ts)
    .executeTakeFirstOrThrow();
  return asQuestion(row);
}

export async function findQuestion(db: Kysely<DB>, id: string): Promise<QuestionRow | undefined> {
  const row = await db.selectFrom("slackQuestions").select(QUESTION).where("id", "=", id).executeTakeFirst();
  return row && asQuestion(row);
}

/** A question of a thread that nobody answered yet. */
export async function findOpenQuestion(
  db: Kysely<DB>,
  { team, channel, threadTs }: Omit<PostPlace, "ts"> & { threadTs: string },
): Promise<QuestionRow | undefined> {
  const row = await db
    .selectFrom("slackQuestions as q")
    .innerJoin("slackPosts as p", (join) =>
      join.onRef("p.team", "=", "q.team").onRef("p.channel", "=", "q.channel").onRef("p.ts", "=", "q.ts"),
    )
    .select(["q.id", "q.team", "q.channel", "q.ts", "q.options", "q.repository", "q.answeredBy"])
    .where("p.team", "=", team)
    .where("p.channel", "=", channel)
    .where("p.threadTs", "=", threadTs)
    .where("q.repository", "is", null)
    .orderBy("q.askedAt")
    .limit(1)
    .executeTakeFirst();
  return row && asQuestion(row);
}

/** Answers a question once: false when somebody was faster. */
export async function answerQuestion(
  db: Kysely<DB>,
  id: string,
  { repository, answeredBy }: { repository: string; answeredBy: string },
): Promise<boolean> {
  const answered = await db
    .updateTable("slackQuestions")
    .set({ repository, answeredBy, answeredAt: sql<Date>`now()` })
    .where("id", "=", id)
    .where("repository", "is", null)
    .returning("id")
    .executeTakeFirst();
  return answered !== undefined;
}
