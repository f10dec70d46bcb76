import { randomUUID } from "node:crypto";
import type { PageQuery } from "../contract/page.ts";
import {
  ClaudeOptions,
  type CreateSession,
  type PutThread,
  type Session,
  type SessionFilter,
  type Thread,
  type UpdateSession,
} from "../contract/session.ts";
import type { Database, Transaction } from "../db/database.ts";
import type { RequestKey } from "../http/idempotency-key.ts";
import { encodeCursor, toPage } from "../lib/cursor.ts";
import { AppError, invalidField } from "../lib/errors.ts";
import { findAnswer, inboxEntry, once } from "../messages/inbox-queries.ts";
import { insertMessage } from "../messages/message-queries.ts";
import type { OutboundUrls } from "../deliveries/outbound-url.ts";
import type { Nudge } from "../queue/queue.ts";
import { queueRun, requestStop } from "../runs/run-queries.ts";
import { chooseWorker } from "../runs/worker-queries.ts";
import { insertWorkspace } from "../workspaces/workspace-queries.ts";
import type { WorkspaceService } from "../workspaces/workspace-service.ts";
import { appendEvents } from "./event-queries.ts";
import { presentSession } from "./present-session.ts";
import * as rows from "./session-queries.ts";
import { isAtRest, mayFollow } from "./session-status.ts";

export type SessionService = ReturnType<typeof createSessionService>;

interface Parts {
  db: Database;
  nudge: Nudge;
  workerId: string;
  workspaces: Pick<WorkspaceService, "plan" | "archive">;
  outboundUrls: Pick<OutboundUrls, "check">;
  allowBypass: boolean;
  /** Where Claude keeps a session's conversation; undefined when it is the account's own folder. */
  configDir: (sessionId: string) => string | undefined;
}

const MAX_TITLE = 80;

/** The first line of the prompt, else what the session works on. */
function titleOf(input: CreateSession): string {
  const line = input.initialPrompt?.trim().split("\n", 1)[0]?.trim();
  const title = input.title ?? line ?? input.githubRepo ?? input.projectPath ?? "Session";
  return title.length > MAX_TITLE && !input.title ? `${title.slice(0, MAX_TITLE - 1).trimEnd()}…` : title;
}

/** The Claude options among the fields of a request; the others belong to the session. */
const optionsOf = (input: object): ClaudeOptions => ClaudeOptions.strip().parse(input);

export function createSessionService({ db, nudge, workerId, workspaces, allowBypass, configDir }: Parts) {
  const present = (row: rows.SessionRow): Session => presentSession(row, configDir(row.id));

  function checkOptions({ permissionMode }: ClaudeOptions): void {
    if (permissionMode === "bypassPermissions" && !allowBypass)
      throw invalidField(
        "body.permissionMode",
        "bypassPermissions is switched off on this server (ALLOW_BYPASS=1 allows it)",
      );
  }

  const get = (id: string): Promise<Session> => read(db, id);

  async function read(from: Database, id: string): Promise<Session> {
    const row = await rows.findSession(from, id);
    if (!row) throw new AppError("not_found", `There is no session ${id}`);
    return present(row);
  }

  /** Writes the first message and the run that will carry it out. */
  async function ask(
    tx: Transaction,
    session: { id: string; status: string; runCount: number; workerId: string },
    said: { source: string; content: string },
  ): Promise<void> {
    const message = await insertMessage(tx, { sessionId: session.id, direction: "inbound", ...said });
    await queueRun(tx, session, message.id);
    await appendEvents(tx, session.id, [{ type: "message", data: { messageId: message.id, direction: "inbound" } }]);
    await nudge(tx, session.workerId, session.id);
  }

  /** What a request changes beside the status; absent fields stay. */
  function changeOf(row: { options: unknown }, body: UpdateSession) {
    const options = optionsOf(body);
    return {
      ...(body.title !== undefined && { title: body.title }),
      ...(body.tags !== undefined && { tags: body.tags }),
      ...(body.metadata !== undefined && { metadata: body.metadata }),
      ...(Object.keys(options).length > 0 && { options: { ...(row.options as ClaudeOptions), ...options } }),
    };
  }

  return {
    get,

    /** Records the session and, given a prompt, its message and first run together: none can exist without the others. */
    async create(input: CreateSession, key?: RequestKey): Promise<Session> {
      checkOptions(input);
      const entry = key && inboxEntry(key.door, key.externalId, input);
      const before = entry && (await findAnswer(db, entry));
      if (before) return before as Session;
      const sessionId = randomUUID();
      const plan = await workspaces.plan({ sessionId, ...input }).catch(inBody);
      const owner = input.projectType === "github" ? await chooseWorker(db, workerId) : workerId;
      return once(db, entry, async (tx) => {
        const session = await rows.insertSession(tx, {
          id: sessionId,
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
          workerId: owner,
        });
        await insertWorkspace(tx, plan, sessionId);
        await appendEvents(tx, sessionId, [{ type: "session.created", data: { title: session.title } }]);
        if (input.initialPrompt !== undefined)
          await ask(tx, session, { source: input.source, content: input.initialPrompt });
        return read(tx, sessionId);
      });
    },

    async list(filter: SessionFilter, page: PageQuery) {
      const found = await rows.findSessions(db, filter, page);
      const cursor = (row: rows.SessionRow) => encodeCursor(row.createdAt.toISOString(), row.id);
      return toPage(found, page.limit, { present, cursor });
    },

    /** Changes what a person may change. A status only along a legal arrow; running sessions are moved by their runs. */
    async update(id: string, body: UpdateSession): Promise<Session> {
      const options = optionsOf(body);
      checkOptions(options);
      const { status } = body;
      await db.transaction().execute(async (tx) => {
        const row = await rows.lockSession(tx, id);
        if (!row) throw new AppError("not_found", `There is no session ${id}`);
        const change = changeOf(row, body);
        if (body.claudeSessionId !== undefined) await rows.adoptClaudeSession(tx, row, body.claudeSessionId);
        if (Object.keys(change).length > 0) await rows.updateSession(tx, id, change);
        await appendEvents(tx, id, [{ type: "session.updated", data: { fields: Object.keys(body) } }]);
        if (status && status !== row.status) {
          checkMove(row, status);
          if (status === "cancelled" && row.runCount > 0) await cancelRuns(tx, row);
          else if (status !== "archived") await rows.moveSession(tx, id, { status });
        }
      });
      if (status === "archived") await archive(id);
      return get(id);
    },

    async putThread(id: string, thread: PutThread): Promise<Thread> {
      await get(id);
      const row = await rows.upsertThread(db, { ...thread, sessionId: id });
      return { ...row, createdAt: row.createdAt.toISOString() };
    },
  };

  /** Waiting runs end here; the one that is on is stopped by the session's actor, which then moves the session. */
  async function cancelRuns(tx: Transaction, row: { id: string; workerId: string; status: string }): Promise<void> {
    const { running } = await requestStop(tx, row.id, undefined);
    if (running.length === 0) await rows.moveSession(tx, row.id, { status: "cancelled" });
    await nudge(tx, row.workerId, row.id);
  }

  /** The workspace is kept safe and removed first: a session that says archived has nothing left to lose. */
  async function archive(id: string): Promise<void> {
    await workspaces.archive(id);
    await db.transaction().execute(async (tx) => {
      const row = await rows.lockSession(tx, id);
      if (row && isAtRest(row.status as Session["status"]))
        await rows.moveSession(tx, id, { status: "archived", archivedAt: new Date() });
    });
  }
}

/** The rules of workspaces name a field; a caller finds it in the body it sent. */
function inBody(error: unknown): never {
  if (!(error instanceof AppError) || error.errors.length === 0) throw error;
  const errors = error.errors.map(({ field, message }) => ({ field: `body.${field}`, message }));
  throw new AppError(error.code, errors.map(({ field, message }) => `${field} ${message}`).join("; "), {
    errors,
    cause: error,
  });
}

function checkMove(row: { status: string; runCount: number }, to: Session["status"]): void {
  const from = row.status as Session["status"];
  if (!mayFollow(from, to)) throw new AppError("conflict", `A session that is ${from} cannot become ${to}`);
  if (row.runCount > 0 && to !== "archived" && to !== "cancelled")
    throw new AppError(
      "conflict",
      `The status of a session with runs follows its runs; only cancelled and archived can be set`,
    );
}
