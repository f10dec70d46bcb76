import type { z } from "zod";
import { Problem } from "../../../src/contract/problem.ts";
import { apiUrl } from "./base.ts";

const TIMEOUT_MS = 20_000;

/** A request that did not end well; `problem` is the server's own account of it, absent when no server answered. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;
  readonly problem: Problem | undefined;
  constructor(status: number, message: string, parts: { problem?: Problem; cause?: unknown } = {}) {
    super(message, { cause: parts.cause });
    this.status = status;
    this.problem = parts.problem;
  }
}

/** No server answered: it is down, restarting, or the network is. */
export function isUnreachable(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 0 || (error.status >= 502 && error.status <= 504));
}

interface RequestOptions {
  method?: "GET" | "POST" | "PATCH" | "PUT" | "DELETE";
  body?: object;
  signal?: AbortSignal;
  /** Writes only if what is there is still this version; else the answer is 412. */
  ifMatch?: number;
  query?: Record<string, string | number | undefined>;
}

function withQuery(path: string, query: RequestOptions["query"] = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value));
  return search.size > 0 ? `${path}?${search}` : path;
}

async function send(path: string, options: RequestOptions): Promise<Response> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  try {
    return await fetch(apiUrl(withQuery(path, options.query)), {
      method: options.method ?? "GET",
      signal: options.signal ? AbortSignal.any([options.signal, timeout]) : timeout,
      headers: {
        accept: "application/json",
        ...(options.body && { "content-type": "application/json" }),
        ...(options.ifMatch !== undefined && { "if-match": `"${options.ifMatch}"` }),
      },
      ...(options.body && { body: JSON.stringify(options.body) }),
    });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new ApiError(0, "The server does not answer.", { cause: error });
  }
}

async function failure(response: Response): Promise<ApiError> {
  const problem = Problem.safeParse(await response.json().catch(() => undefined));
  return problem.success
    ? new ApiError(response.status, problem.data.detail || problem.data.title, { problem: problem.data })
    : new ApiError(response.status, `The server answered ${response.status}.`);
}

/** Asks the API and checks the answer against the contract. */
export async function request<T extends z.ZodType>(
  shape: T,
  path: string,
  options: RequestOptions = {},
): Promise<z.output<T>> {
  const response = await send(path, options);
  if (!response.ok) throw await failure(response);
  const parsed = shape.safeParse(await response.json().catch(() => undefined));
  if (parsed.success) return parsed.data;
  throw new ApiError(
    response.status,
    `The server's answer to ${path} is not what this console understands. Reload the page.`,
    {
      cause: parsed.error,
    },
  );
}

/** Asks the API for something whose answer has no body. */
export async function requestEmpty(path: string, options: RequestOptions): Promise<void> {
  const response = await send(path, options);
  if (!response.ok) throw await failure(response);
}
