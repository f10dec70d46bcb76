import type { IncomingMessage } from "node:http";
import type { HeaderPairs, HttpProxyRequest } from "../contract/orchestrator-frames.ts";
import type { InProcess } from "../http/in-process.ts";
import { problemOf } from "../http/problem-of.ts";
import { AppError } from "../lib/errors.ts";
import type { Logger } from "../lib/logger.ts";
import type { HubGate } from "./hub-gate.ts";
import type { HubLink } from "./hub-session.ts";
import { answerTo, beginLocalRequest } from "./local-request.ts";
import { answerHeaders, isForeign, requestHeaders } from "./proxy-headers.ts";
import { isProxyBase, rewriteHeaders, rewriteText } from "./rewrite-links.ts";

/** A whole answer is held in memory and sent as one frame. */
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;
/** Under way at once; older hubs wait 30 s for each. */
const MAX_UNDER_WAY = 32;
const TIMEOUT_MS = 25_000;
/** Bodies that go as text; all others are base64. */
const TEXT = /^(?:text\/|application\/(?:[\w.+-]*(?:json|javascript|xml)|manifest\+json)|image\/svg\+xml)/iu;

interface Parts {
  inProcess: InProcess;
  gate: HubGate;
  log: Logger;
}

interface PlainAnswer {
  status: number;
  headers: HeaderPairs;
  body: string;
}

/** Answers `http_proxy_request` of a hub without the tunnel: a whole answer in one frame, nothing that goes on and on. */
export function createPlainAnswerer({ inProcess, gate, log }: Parts) {
  let underWay = 0;

  async function answer(request: HttpProxyRequest, link: HubLink): Promise<PlainAnswer> {
    if (underWay > MAX_UNDER_WAY) throw new AppError("unavailable", "Too many requests of the hub are under way");
    if (isForeign(request.method, request.headers))
      throw new AppError("forbidden", "Another site may not use this machine from a browser");
    const { identity, github_token: githubToken, headers } = request;
    const login = await gate.admit({ identity, githubToken, headers }, link);
    return fetchLocally(inProcess, request, { login, ended: link.ended });
  }

  return async function answerPlain(request: HttpProxyRequest, link: HubLink): Promise<void> {
    underWay += 1;
    const { status, headers, body } = await answer(request, link)
      .catch((error: unknown) => refusal(error, log))
      .finally(() => (underWay -= 1));
    link.send({ type: "http_proxy_response", request_id: request.request_id, status, headers, body });
  };
}

async function fetchLocally(
  inProcess: InProcess,
  asked: HttpProxyRequest,
  { login, ended }: { login: string; ended: AbortSignal },
): Promise<PlainAnswer> {
  const { method, path, query, proxy_base: base } = asked;
  const body = asked.body ?? "";
  const local = beginLocalRequest(inProcess, {
    login,
    method,
    target: query ? `${path}?${query}` : path,
    // Older hubs make an empty 200 of 304.
    headers: requestHeaders(asked.headers, { conditional: false }),
    hasBody: body !== "",
  });
  const tooLong = AbortSignal.any([ended, AbortSignal.timeout(TIMEOUT_MS)]);
  const stop = () => local.destroy(new AppError("upstream_failed", "The answer took too long for this hub"));
  tooLong.addEventListener("abort", stop, { once: true });
  try {
    const answered = answerTo(local);
    local.end(body);
    const got = await answered;
    if (got.kind === "upgrade") throw new AppError("upstream_failed", "This hub carries no WebSocket");
    const bytes = await readWhole(got.response);
    return present(got.response, bytes, isProxyBase(base) ? base : undefined);
  } finally {
    tooLong.removeEventListener("abort", stop);
    local.destroy();
  }
}

async function readWhole(response: IncomingMessage): Promise<Buffer> {
  if (response.headers["content-type"]?.startsWith("text/event-stream"))
    throw new AppError(
      "upstream_failed",
      "This hub carries no event streams; the dashboard asks every few seconds instead",
    );
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) throw new AppError("upstream_failed", "The answer is too large for this hub");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function present(response: IncomingMessage, bytes: Buffer, base: string | undefined): PlainAnswer {
  const type = response.headers["content-type"] ?? "";
  const kept = answerHeaders(response.rawHeaders).filter(([name]) => name !== "content-length");
  const headers = base === undefined ? kept : rewriteHeaders(kept, base);
  const status = response.statusCode ?? 502;
  if (bytes.length === 0) return { status, headers, body: "" };
  if (!TEXT.test(type) || response.headers["content-encoding"] !== undefined)
    return { status, headers: [...headers, ["x-orch-encoding", "base64"]], body: bytes.toString("base64") };
  const text = bytes.toString("utf8");
  return { status, headers, body: base === undefined ? text : rewriteText(text, type, base) };
}

function refusal(error: unknown, log: Logger): PlainAnswer {
  if (!(error instanceof AppError)) log.warn({ err: error }, "[ORCHESTRATOR] a request through the hub failed");
  const problem = problemOf(
    error instanceof AppError ? error : new AppError("upstream_failed", "Proxy request failed"),
    "",
  );
  return { status: problem.status, headers: [["content-type", "application/json"]], body: JSON.stringify(problem) };
}
