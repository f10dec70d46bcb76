import type { z } from "zod";
import type { ClientConfig } from "../config-client.ts";
import { CommandLogPage } from "../contract/command-log.ts";
import { EventPage, type SessionEvent } from "../contract/event.ts";
import { MessagePage, PostedMessage, type PostMessage } from "../contract/message.ts";
import { MAX_WAIT_SECONDS, RunResult } from "../contract/run-result.ts";
import { RunPage, Stopped } from "../contract/run.ts";
import { Session, SessionPage, StartedSession } from "../contract/session.ts";
import type { StartSession } from "../contract/template.ts";
import { readSessionEvents } from "./api-client-events.ts";
import { createApiRequests, REQUEST_TIMEOUT_MS, type Query } from "./api-client-requests.ts";

export type ApiClient = ReturnType<typeof createApiClient>;

/** Our own HTTP API as functions, for the command line and the MCP server. */
export function createApiClient(config: ClientConfig) {
  const { request, stream } = createApiRequests(config);
  return {
    url: config.url,
    start: (body: z.input<typeof StartSession>) => request(StartedSession, "/api/sessions", { method: "POST", body }),
    say: (sessionId: string, body: z.input<typeof PostMessage>) =>
      request(PostedMessage, `${sessionPath(sessionId)}/messages`, { method: "POST", body }),
    stop: (sessionId: string) => request(Stopped, `${sessionPath(sessionId)}/stop`, { method: "POST", body: {} }),
    session: (sessionId: string) => request(Session, sessionPath(sessionId)),
    sessions: (query: Query) => request(SessionPage, "/api/sessions", { query }),
    runs: (sessionId: string, limit: number) =>
      request(RunPage, `${sessionPath(sessionId)}/runs`, { query: { limit } }),
    messages: (sessionId: string, limit: number) =>
      request(MessagePage, `${sessionPath(sessionId)}/messages`, { query: { limit } }),
    calls: (sessionId: string, limit: number) =>
      request(CommandLogPage, `${sessionPath(sessionId)}/logs`, { query: { limit } }),

    /** What became of a run; with `wait` it answers when the run has ended, or after that many seconds. */
    result: (runId: string, { wait = 0, signal }: { wait?: number; signal?: AbortSignal | undefined } = {}) =>
      request(RunResult, `/api/runs/${encodeURIComponent(runId)}/result`, {
        query: { wait: Math.min(wait, MAX_WAIT_SECONDS) },
        timeoutMs: wait * 1000 + REQUEST_TIMEOUT_MS,
        signal,
      }),

    /** A page of the feed after a seq; 0 is the beginning. */
    events: (sessionId: string, after: string) =>
      request(EventPage, `${sessionPath(sessionId)}/events`, { query: { after } }),

    /** The feed after a seq as it grows; ends when the server ends it. */
    async *follow(sessionId: string, after: number, signal: AbortSignal): AsyncGenerator<SessionEvent> {
      const headers = { accept: "text/event-stream", "last-event-id": String(after) };
      yield* readSessionEvents(await stream(`${sessionPath(sessionId)}/events`, headers, signal));
    },
  };
}

const sessionPath = (sessionId: string): string => `/api/sessions/${encodeURIComponent(sessionId)}`;
