import { PostMessage } from "../../contract/message.ts";
import { CreateSession } from "../../contract/session.ts";
import { AppError } from "../../lib/errors.ts";
import { describeFiles } from "./describe-files.ts";
import { downloadFiles, verdictLine, type FileVerdict } from "./download-files.ts";
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

interface Parts extends HandlerParts {
  installations: Pick<Installations, "find">;
}

async function fetchFiles({ config, clients, installations }: Parts, row: PostRow, signal: AbortSignal) {
  const { files } = row.decision;
  const installation = files.length > 0 ? await installations.find(row.team) : undefined;
  if (!installation) return { taken: [], verdicts: [] };
  const known = await describeFiles(files, await clients.of(row.team));
  return downloadFiles(known, { token: installation.botToken, apiUrl: config.apiUrl }, signal);
}

/** Asks what it is about. The post itself is not handled until somebody answers. */
async function ask({ db, clients, say }: Parts, row: PostRow): Promise<Handled> {
  const { team, channel, threadTs, decision } = row;
  const question = await keepQuestion(db, row, decision.options ?? []);
  const botUserId = (await clients.of(team))?.botUserId ?? "";
  await say({ key: `question:${question.id}`, team, channel, threadTs, ...questionWords(question, { botUserId }) });
  return { is: "done" };
}

async function begin({ sessions }: Parts, row: PostRow, repository: string): Promise<string> {
  const { team, channel, ts, threadTs, userId, decision } = row;
  const input = CreateSession.parse({
    projectType: "github",
    githubRepo: repository,
    title: titleOf(decision.text),
    source: "slack",
    metadata: { slack: { team, channel, ts, threadTs, user: userId } },
  });
  const { sessionId } = await sessions.create(input, { door: "slack.session", externalId: nameOf(row) });
  await sessions.putThread(sessionId, { team, channel, threadTs, move: true });
  return sessionId;
}

/** Says to the session what was posted, once: the thread is bound to it before, so that the answer finds its way. */
async function tell(parts: Parts, row: PostRow, sessionId: string, signal: AbortSignal): Promise<void> {
  const { db, say, messages } = parts;
  const { team, channel, ts, threadTs, userId: user, decision } = row;
  const key = { door: "slack.message", externalId: nameOf(row) };
  const before = await findPosted(db, key);
  if (before !== undefined) return void (await markHandled(db, row, { sessionId, messageId: before }));
  const { taken, verdicts } = await fetchFiles(parts, row, signal);
  const body = PostMessage.parse({
    content: withVerdicts(decision.text, verdicts),
    source: "slack",
    author: decision.author,
    metadata: { slack: { team, channel, ts, threadTs, user } },
  });
  if (verdicts.length > 0)
    await say({ key: `files:${nameOf(row)}`, team, channel, threadTs, text: fileWords(verdicts) });
  const { messageId } = await messages.post(sessionId, body, key, taken);
  await markHandled(db, row, { sessionId, messageId });
}

async function refuse({ db, say }: Parts, row: PostRow, text: string): Promise<Handled> {
  const { team, channel, threadTs } = row;
  await say({ key: `problem:${nameOf(row)}`, team, channel, threadTs, text });
  await markHandled(db, row, { sessionId: null, messageId: null });
  return { is: "refused", reason: text };
}

async function work(parts: Parts, row: PostRow, signal: AbortSignal): Promise<Handled> {
  const { is, sessionId, repository = "", problem = "I cannot do that." } = row.decision;
  if (is === "ask") return ask(parts, row);
  if (is === "wrong") return refuse(parts, row, problem);
  await tell(parts, row, sessionId ?? (await begin(parts, row, repository)), signal);
  return { is: "done" };
}

export type PostWorker = ReturnType<typeof createPostWorker>;

/** Carries out what was decided for a post. It may be called again after a kill: all it does it does by the post's name. */
export const createPostWorker = (parts: Parts) => ({
  /** What is wrong with the request is said in its thread; what is wrong with us is thrown, and tried again. */
  async carryOut(row: PostRow, signal: AbortSignal): Promise<Handled> {
    try {
      return await work(parts, row, signal);
    } catch (error) {
      if (!(error instanceof AppError) || !REQUEST_FAULTS.has(error.code)) throw error;
      return refuse(parts, row, `I could not begin: ${escapeMrkdwn(error.message)}`);
    }
  },
});

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
