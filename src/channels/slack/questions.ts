import type { Handled } from "./handle-post.ts";
import type { PostWorker } from "./post-worker.ts";
import { answerQuestion, findOpenQuestion, findQuestion, type QuestionRow } from "./question-queries.ts";
import { type HandlerParts, SLACK_DOOR } from "./slack-parts.ts";
import { findPost, type PostPlace } from "./slack-queries.ts";

/** What is put into the inbox when a question has its answer. */
const ANSWERED = "question.answered";

/** The question an inbox entry is about; undefined when it came from Slack. */
export function answeredQuestion(payload: unknown): string | undefined {
  const { type, questionId } = (payload ?? {}) as { type?: unknown; questionId?: unknown };
  return type === ANSWERED && typeof questionId === "string" ? questionId : undefined;
}

/** The entries of one thread are handled in order, an answer among its messages. */
export const threadKeyOf = (team: string, channel: string, threadTs: string): string =>
  `${team}:${channel}:${threadTs}`;

type Parts = Pick<HandlerParts, "db" | "receive"> & {
  acknowledge: (post: PostPlace) => Promise<void>;
  worker: PostWorker;
};

/** Questions about what to work on: the first answer counts, and is carried out by whoever is there. */
export function createQuestions({ db, receive, acknowledge, worker }: Parts) {
  async function settle(question: QuestionRow, repository: string, answeredBy: string): Promise<boolean> {
    const isFirst = await answerQuestion(db, question.id, { repository, answeredBy });
    const post = await findPost(db, question);
    // Also when somebody was faster: they may have been killed between the two.
    if (post)
      await receive({
        door: SLACK_DOOR,
        externalId: `${ANSWERED}:${question.id}`,
        threadKey: threadKeyOf(question.team, question.channel, post.threadTs),
        payload: { type: ANSWERED, questionId: question.id },
      });
    return isFirst;
  }

  return {
    /** The option somebody pressed. Undefined: there is no such question or option. */
    async answer(id: string, index: number, by: string) {
      const question = await findQuestion(db, id);
      const repository = question?.options[index];
      if (!question || repository === undefined) return undefined;
      const isFirst = await settle(question, repository, by);
      return isFirst ? { isFirst, repository, by } : { isFirst, ...earlier(await findQuestion(db, id)) };
    },

    /** The answer that somebody wrote into the thread of an open question; false when none is open there. */
    async answerInThread(
      { team, channel, threadTs, by }: { team: string; channel: string; threadTs: string | null; by: string },
      repository: string,
    ): Promise<boolean> {
      if (threadTs === null) return false;
      const question = await findOpenQuestion(db, { team, channel, threadTs });
      return question !== undefined && (await settle(question, repository, by));
    },

    /** Does what the post asked for, now that it is clear where. */
    async carryOut(id: string, signal: AbortSignal): Promise<Handled> {
      const question = await findQuestion(db, id);
      const post = question && (await findPost(db, question));
      if (!question || !post || question.repository === null)
        return { is: "refused", reason: `question ${id} has no answer` };
      if (post.handledAt) return { is: "done" };
      const why = `${question.answeredBy ?? "somebody"} chose it`;
      const decision = { ...post.decision, is: "start" as const, repository: question.repository, why };
      const eyes = acknowledge(post);
      const handled = await worker.carryOut({ ...post, decision }, signal);
      await eyes;
      return handled;
    },
  };
}

export type Questions = ReturnType<typeof createQuestions>;

const earlier = (row: QuestionRow | undefined) => ({ repository: row?.repository ?? "", by: row?.answeredBy ?? "" });
