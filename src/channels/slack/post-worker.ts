import { PostMessage } from "../../contract/message.ts";
import { CreateSession } from "../../contract/session.ts";
import { AppError } from "../../lib/errors.ts";
import { downloadFiles, verdictLine, type DownloadedFile, type FileVerdict } from "./download-files.ts";
import type { Handled } from "./handle-post.ts";
import type { Installations } from "./installation.ts";
import { escapeMrkdwn } from "./mrkdwn.ts";
import { keepQuestion } from "./question-queries.ts";
import { questionWords } from "./question-words.ts";
import type { HandlerParts } from "./slack-parts.ts";
import { findPosted, markHandled, type PostRow } from "./slack-queries.ts";

const MAX_TITLE = 80;
/** Problems of the request, not ours: trying again changes nothing. */
const REQUEST_FAULTS: ReadonlySet<string> = new Set(["invalid", "not_found", "forbidden", "conflict", "too_large"]);

export type PostWorker = ReturnType<typeof createPostWorker>;

/** Carries out what was decided for a post. It may be called again after a kill: all it does it does by the post's name. */
export function createPostWorker({ db, config, clients, say, sessions, messages, installations }: Parts) {
  async function fetchFiles(row: PostRow, signal: AbortSignal) {
    const { files } = row.decision;
    const installation = files.length > 0 ? await installations.find(row.team) : undefined;
    if (!installation) return { taken: [], verdicts: [] };
    return downloadFiles(files, { token: installation.botToken, apiUrl: config.apiUrl }, signal);
  }

  async function ask(row: PostRow): Promise<Handled> {
    const { team, channel, threadTs, decision } = row;
    const question = await keepQuestion(db, row, decision.options ?? []);
    const botUserId = (await clients.of(team))?.botUserId ?? "";
    const words = questionWords(question, { botUserId });
    await say({ key: `question:${question.id}`, team, channel, threadTs, ...words });
    return { is: "done" }; // The post itself is not handled until somebody answers.
  }

  async function begin(row: PostRow, repository: string): Promise<string> {
    const { team, channel, ts, threadTs, userId, decision } = row;
    const input = CreateSession.parse({
      projectType: "github",
      githubRepo: repository,
      title: titleOf(decision.text),
      source: "slack",
      metadata: { slack: { team, channel, ts, threadTs, user: userId } },
    });
    const key = { door: "slack.session", externalId: nameOf(row) };
    const { sessionId } = await sessions.create(input, key);
    await sessions.putThread(sessionId, { team, channel, threadTs, move: true });
    return sessionId;
  }

  async function tell(row: PostRow, sessionId: string, signal: AbortSignal): Promise<void> {
    const { team, channel, ts, threadTs, userId: user, decision } = row;
    const key = { door: "slack.message", externalId: nameOf(row) };
    const before = await findPosted(db, key);
    if (before) return void (await markHandled(db, row, { sessionId, messageId: before }));
    const { taken, verdicts } = await fetchFiles(row, signal);
    const body = PostMessage.parse({
      content: withVerdicts(decision.text, verdicts),
      source: "slack",
      author: decision.author,
      metadata: { slack: { team, channel, ts, threadTs, user } },
    });
    const { messageId } = await post(sessionId, { body, key, taken });
    await markHandled(db, row, { sessionId, messageId });
    if (verdicts.length > 0)
      await say({ key: `files:${nameOf(row)}`, team, channel, threadTs, text: fileWords(verdicts) });
  }

  const post = (
    sessionId: string,
    { body, key, taken }: { body: PostMessage; key: { door: string; externalId: string }; taken: DownloadedFile[] },
  ) => messages.post(sessionId, body, key, taken);

  async function work(row: PostRow, signal: AbortSignal): Promise<Handled> {
    const { is, sessionId, repository, problem } = row.decision;
    if (is === "ask" && repository === undefined) return ask(row);
    if (is === "wrong") return refuse(row, problem ?? "I cannot do that.");
    const session = sessionId ?? (await begin(row, repository ?? ""));
    await tell(row, session, signal);
    return { is: "done" };
  }

  async function refuse(row: PostRow, text: string): Promise<Handled> {
    const { team, channel, threadTs } = row;
    await say({ key: `problem:${nameOf(row)}`, team, channel, threadTs, text });
    await markHandled(db, row, { sessionId: null, messageId: null });
    return { is: "refused", reason: text };
  }

  return {
    /** What is wrong with the request is said in its thread; what is wrong with us is thrown, and tried again. */
    async carryOut(row: PostRow, signal: AbortSignal): Promise<Handled> {
      try {
        return await work(row, signal);
      } catch (error) {
        if (!(error instanceof AppError) || !REQUEST_FAULTS.has(error.code)) throw error;
        return refuse(row, `I could not begin: ${escapeMrkdwn(error.message)}`);
      }
    },
  };
}

interface Parts extends HandlerParts {
  installations: Pick<Installations, "find">;
}

/** The name of a post everywhere in the ledger. */
export const nameOf = ({ team, channel, ts }: { team: string; channel: string; ts: string }): string =>
  `${team}:${channel}:${ts}`;

function titleOf(text: string): string {
  const line = text.split("\n", 1)[0]?.trim() ?? "";
  const start = line.slice(0, MAX_TITLE - 1).replace(/[\uD800-\uDBFF]$/, "");
  return line.length <= MAX_TITLE ? line || "From Slack" : `${start.trimEnd()}…`;
}

/** Claude is told what it did not get. */
function withVerdicts(text: string, verdicts: readonly FileVerdict[]): string {
  const missing = verdicts.filter(({ why }) => why !== "");
  if (missing.length === 0) return text;
  return `${text}\n\nFiles that came with this message and are not here:\n${missing.map((one) => `- ${verdictLine(one)}`).join("\n")}`;
}

const fileWords = (verdicts: readonly FileVerdict[]): string =>
  verdicts.map((one) => `${one.why === "" ? ":paperclip:" : ":warning:"} ${escapeMrkdwn(verdictLine(one))}`).join("\n");
