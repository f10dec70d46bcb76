import { randomUUID } from "node:crypto";
import type { CreateSession, Session, StartedSession } from "../contract/session.ts";
import type { StartSession } from "../contract/template.ts";
import type { Database, Transaction } from "../db/database.ts";
import { callbackColumns } from "../deliveries/callback-queries.ts";
import type { OutboundUrls } from "../deliveries/outbound-url.ts";
import type { RequestKey } from "../http/idempotency-key.ts";
import { AppError, invalidField } from "../lib/errors.ts";
import { checkJsonSchema } from "../lib/json-schema.ts";
import { findAnswer, inboxEntry, once } from "../messages/inbox-queries.ts";
import { checkNewFiles, insertMessageFiles, type NewFile } from "../messages/message-file-queries.ts";
import { insertMessage } from "../messages/message-queries.ts";
import type { Nudge } from "../queue/queue.ts";
import { queueRun } from "../runs/run-queries.ts";
import { chooseWorker } from "../runs/worker-queries.ts";
import { insertWorkspace } from "../workspaces/workspace-queries.ts";
import type { WorkspaceService } from "../workspaces/workspace-service.ts";
import { appendEvents } from "./event-queries.ts";
import { checkOptions, optionsOf } from "./session-options.ts";
import { announceThread, insertSession } from "./session-queries.ts";
import { resolveStart } from "./templates/resolve-start.ts";

interface Parts {
  db: Database;
  nudge: Nudge;
  workerId: string;
  workspaces: Pick<WorkspaceService, "plan">;
  outboundUrls: Pick<OutboundUrls, "check">;
  allowBypass: boolean;
  /** The session as the API shows it. */
  read: (from: Database, id: string) => Promise<Session>;
}

const MAX_TITLE = 80;

/** The first line of the prompt, else what the session works on. */
function titleOf(input: CreateSession): string {
  const line = input.initialPrompt?.trim().split("\n", 1)[0]?.trim();
  const title = input.title ?? line ?? input.githubRepo ?? input.projectPath ?? "Session";
  if (title.length <= MAX_TITLE || input.title) return title;
  // The cut may fall into a character of two units.
  const start = title.slice(0, MAX_TITLE - 1).replace(/[\uD800-\uDBFF]$/, "");
  return `${start.trimEnd()}…`;
}

/** What only goes with a first message. */
function checkPrompt({ callbackUrl, initialPrompt, jsonSchema }: CreateSession): void {
  if (callbackUrl !== undefined && initialPrompt === undefined)
    throw invalidField(
      "body.callbackUrl",
      "needs initialPrompt: it tells the end of a run; without one, give it with the message",
    );
  if (jsonSchema === undefined) return;
  if (initialPrompt === undefined)
    throw invalidField("body.jsonSchema", "needs initialPrompt: it is the form of the answer to it");
  checkJsonSchema("body.jsonSchema", jsonSchema);
}

const saidBy = ({ source, author, jsonSchema }: CreateSession, content: string) => ({
  source,
  author: author ?? null,
  content,
  jsonSchema: jsonSchema ?? null,
});

/** How sessions come to be. */
export function createSessionMaker({ db, nudge, workerId, workspaces, outboundUrls, allowBypass, read }: Parts) {
  /** Writes the first message and the run that will carry it out. */
  async function ask(
    tx: Transaction,
    session: { id: string; status: string; runCount: number; workerId: string },
    { files, ...said }: ReturnType<typeof saidBy> & ReturnType<typeof callbackColumns> & { files: readonly NewFile[] },
  ): Promise<string> {
    const message = await insertMessage(tx, { sessionId: session.id, direction: "inbound", ...said });
    await insertMessageFiles(tx, message.id, files);
    const { runId } = await queueRun(tx, session, message.id);
    await appendEvents(tx, session.id, [{ type: "message", data: { messageId: message.id, direction: "inbound" } }]);
    await nudge(tx, session.workerId, session.id);
    return runId;
  }

  /**
   * Checks all that can be checked before anything is written, and returns what writes the session and, given a prompt,
   * its message and first run in a transaction of the caller's: none can exist without the others.
   */
  async function prepare(
    start: StartSession,
    files: readonly NewFile[] = [],
  ): Promise<(tx: Transaction) => Promise<StartedSession>> {
    const input = await resolveStart(db, start);
    checkOptions(input, { allowBypass });
    checkPrompt(input);
    const callback = callbackColumns(input, outboundUrls);
    const sessionId = randomUUID();
    const plan = await workspaces.plan({ sessionId, ...input }).catch(inBody);
    const owner = input.projectType === "github" ? await chooseWorker(db, workerId) : workerId;
    return async (tx) => {
      const session = await insertSession(tx, { ...rowOf(input), id: sessionId, workerId: owner });
      await insertWorkspace(tx, plan, sessionId);
      if (input.slackChannel !== undefined) await announceThread(tx, sessionId, input.slackChannel);
      await appendEvents(tx, sessionId, [{ type: "session.created", data: { title: session.title } }]);
      const { initialPrompt: prompt } = input;
      const runId =
        prompt === undefined ? null : await ask(tx, session, { ...saidBy(input, prompt), ...callback, files });
      return { ...(await read(tx, sessionId)), runId };
    };
  }

  /** Makes a session, once for each key. The run finds `files`, which came with the prompt, in its workspace. */
  async function create(
    start: StartSession,
    key?: RequestKey,
    files: readonly NewFile[] = [],
  ): Promise<StartedSession> {
    checkNewFiles(files);
    const entry = key && inboxEntry(key.door, key.externalId, start);
    const before = entry && (await findAnswer(db, entry));
    if (before) return before as StartedSession;
    return once(db, entry, await prepare(start, files));
  }

  return { prepare, create };
}

const rowOf = (input: CreateSession) => ({
  title: titleOf(input),
  projectType: input.projectType,
  githubRepo: input.githubRepo ?? null,
  projectPath: input.projectPath ?? null,
  branch: input.branch ?? null,
  source: input.source,
  tags: input.tags,
  slackChannel: input.slackChannel ?? null,
  metadata: input.metadata,
  options: optionsOf(input),
});

/** The rules of workspaces name a field; a caller finds it in the body it sent. */
function inBody(error: unknown): never {
  if (!(error instanceof AppError) || error.errors.length === 0) throw error;
  const errors = error.errors.map(({ field, message }) => ({ field: `body.${field}`, message }));
  throw new AppError(error.code, errors.map(({ field, message }) => `${field} ${message}`).join("; "), {
    errors,
    cause: error,
  });
}
