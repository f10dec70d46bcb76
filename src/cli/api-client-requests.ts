import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { z } from "zod";
import type { ClientConfig } from "../config-client.ts";
import { Problem } from "../contract/problem.ts";
import { AppError, type ErrorCode, toError } from "../lib/errors.ts";

export const REQUEST_TIMEOUT_MS = 30_000;
/** A request may be sent again that many times; it carries a key, so that nothing is done twice. */
const TRIES = 3;
const RETRY_MS = 300;

export type Query = Readonly<Record<string, string | number | undefined>>;

interface Request {
  method?: "GET" | "POST";
  query?: Query;
  body?: object;
  signal?: AbortSignal | undefined;
  /** How long the server may take to answer. */
  timeoutMs?: number;
}

/**
 * Requests to a server of ours. Throws an AppError: `unavailable` when no server answers, else the server's own code and
 * words.
 */
export function createApiRequests({ url, apiKey }: ClientConfig) {
  const authorization = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };

  /** The key goes to the server that was named, and nowhere else: no redirect is followed. */
  const call = (path: string, init: Omit<RequestInit, "headers"> & { headers: Record<string, string> }) =>
    fetch(`${url}${path}`, { ...init, headers: { ...init.headers, ...authorization }, redirect: "error" });

  async function sendAgain(path: string, init: Parameters<typeof call>[1], given?: AbortSignal): Promise<Response> {
    for (let tries = 1; ; tries++) {
      try {
        return await call(path, init);
      } catch (error) {
        if (given?.aborted) throw error;
        if (tries >= TRIES || init.signal?.aborted) throw unreachable(url, error);
        await sleep(RETRY_MS * tries);
      }
    }
  }

  return {
    async request<T extends z.ZodType>(shape: T, path: string, options: Request = {}): Promise<z.output<T>> {
      const { method = "GET", query = {}, body, signal, timeoutMs = REQUEST_TIMEOUT_MS } = options;
      const timeout = AbortSignal.timeout(timeoutMs);
      const json = { "content-type": "application/json", "idempotency-key": randomUUID() };
      const init = {
        method,
        headers: { accept: "application/json", ...(body && json) },
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
        ...(body && { body: JSON.stringify(body) }),
      };
      const response = await sendAgain(path + searchOf(query), init, signal);
      if (!response.ok) throw await failure(response);
      const parsed = shape.safeParse(await response.json().catch(() => undefined));
      if (parsed.success) return parsed.data;
      throw new AppError("upstream_failed", `${url} does not answer as a claude-orchestrator of this version does`, {
        cause: parsed.error,
      });
    },

    /** The body of an answer that goes on and on. */
    async stream(path: string, headers: Record<string, string>, signal: AbortSignal) {
      const response = await call(path, { headers, signal });
      if (!response.ok || !response.body) throw await failure(response);
      return response.body;
    },
  };
}

function searchOf(query: Query): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value));
  return search.size === 0 ? "" : `?${search.toString()}`;
}

function unreachable(url: string, error: unknown): AppError {
  const { cause, message } = toError(error);
  return new AppError("unavailable", `No server answers at ${url} (${cause ? toError(cause).message : message})`, {
    cause: error,
  });
}

async function failure(response: Response): Promise<AppError> {
  const fallback: ErrorCode = response.status >= 500 ? "unavailable" : "upstream_failed";
  const problem = Problem.safeParse(await response.json().catch(() => undefined));
  if (!problem.success) return new AppError(fallback, `The server answered ${response.status}`);
  const { code, detail, title, errors = [] } = problem.data;
  return new AppError(response.status >= 500 ? fallback : (code as ErrorCode), detail || title, { errors });
}
