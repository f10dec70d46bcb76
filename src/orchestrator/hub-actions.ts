import type { SessionEvent } from "../contract/event.ts";
import { AppError, toError } from "../lib/errors.ts";
import type { MessageService } from "../messages/message-service.ts";
import type { ResultService } from "../runs/result-service.ts";
import type { RunService } from "../runs/run-service.ts";
import type { EventService } from "../sessions/event-service.ts";
import type { SessionService } from "../sessions/session-service.ts";
import type { Actions, Asked } from "./user-requests.ts";

/** A request of the hub is told the end of its run for as long as it lasts, in waits of this many seconds. */
const WAIT_SECONDS = 300;
/** A frame must stay below what hubs take; who wants more asks the API. */
const MAX_ANSWER = 100_000;
const MAX_PIECE = 50_000;
const UUID = /^[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}$/u;

export interface ActionServices {
  sessions: Pick<SessionService, "create" | "get" | "list">;
  messages: Pick<MessageService, "post">;
  runs: Pick<RunService, "stop">;
  results: Pick<ResultService, "wait">;
  events: Pick<EventService, "follow">;
  /** Where Claude works when a request does not say. */
  project: string;
}

/** What people at a hub may ask for by `user_request`, through the services that every door uses. */
export function createHubActions(services: ActionServices): Actions {
  const { sessions, runs } = services;

  async function list(): Promise<string[]> {
    const { items } = await sessions.list({ status: ["queued", "running", "waiting"] }, { limit: 100 });
    return items.map(({ sessionId }) => sessionId);
  }

  return {
    "claude-command": (asked) => command(services, asked),
    async "abort-session"({ sessionId, login, say }) {
      const success = await runs.stop(requireId(sessionId), login).then(
        ({ stopped }) => stopped.length > 0,
        (error: unknown) => {
          if (error instanceof AppError && error.code === "not_found") return false;
          throw toError(error);
        },
      );
      say({ type: "session-aborted", sessionId, provider: "claude", success });
    },
    async "check-session-status"({ sessionId, say }) {
      const { status } = await sessions.get(requireId(sessionId));
      say({ type: "session-status", sessionId, provider: "claude", status, isProcessing: status === "running" });
    },
    async "get-active-sessions"({ say }) {
      say({ type: "active-sessions", sessions: { claude: await list(), cursor: [], codex: [] } });
    },
  };
}

/** Continues the session that is named, else begins one. */
async function begin({ sessions, messages, project }: ActionServices, { login, sessionId, text, projectPath }: Asked) {
  if (text.trim() === "") throw new AppError("invalid", "There is nothing to do: command is empty");
  const said = { source: "hub" as const, author: login, metadata: {} };
  if (sessionId !== undefined) {
    const known = await sessions.get(requireId(sessionId));
    const { runId } = await messages.post(known.sessionId, {
      ...said,
      content: text,
      direction: "inbound",
      deliver: false,
      steer: false,
    });
    return { sessionId: known.sessionId, runId, lastSeq: known.lastSeq, isNew: false };
  }
  const made = await sessions.create({
    ...said,
    projectType: "local",
    projectPath: projectPath ?? project,
    initialPrompt: text,
    tags: [],
  });
  return { sessionId: made.sessionId, runId: made.runId, lastSeq: 0, isNew: true };
}

async function command(services: ActionServices, asked: Asked): Promise<void> {
  const { signal, say } = asked;
  const { sessionId, runId, lastSeq, isNew } = await begin(services, asked);
  if (isNew) say({ type: "session-created", sessionId });
  const end = await services.events.follow(sessionId, String(lastSeq), () =>
    textSink(runId, (data) => say({ type: "claude-response", sessionId, data })),
  );
  try {
    const result = runId === null ? null : await untilEnd(services, runId, signal);
    if (!result) return;
    if (result.error !== null) say({ type: "claude-error", sessionId, error: result.error });
    say({
      type: "claude-complete",
      sessionId,
      exitCode: result.error === null ? 0 : 1,
      isNewSession: isNew,
      answer: result.answer?.slice(0, MAX_ANSWER) ?? null,
    });
  } finally {
    end();
  }
}

function requireId(id: string | undefined): string {
  if (id !== undefined && UUID.test(id)) return id;
  throw new AppError("not_found", "There is no such session");
}

async function untilEnd({ results }: ActionServices, runId: string, signal: AbortSignal) {
  for (;;) {
    const result = await results.wait(runId, WAIT_SECONDS, signal);
    if (result || signal.aborted) return result;
  }
}

/** Says what is new in Claude's live text of one run: an event holds all of its block so far. */
function textSink(runId: string | null, say: (data: { text: string }) => void) {
  const had = new Map<string, number>();
  function tell({ type, key, runId: of, data }: SessionEvent): void {
    const { text } = data;
    if (type !== "text" || of !== runId || key === null || typeof text !== "string") return;
    const from = had.get(key) ?? 0;
    had.set(key, Math.max(from, text.length));
    for (let at = from; at < text.length; at += MAX_PIECE) say({ text: text.slice(at, at + MAX_PIECE) });
  }
  return {
    events: (events: readonly SessionEvent[]) => Promise.resolve(events.forEach(tell)),
    resync: () => Promise.resolve(),
    drop: () => undefined,
  };
}
