import { type IncomingMessage, type ServerResponse, STATUS_CODES } from "node:http";
import { hasBody } from "../auth/browser-rules.ts";
import type { HttpProxyResponse } from "../contract/orchestrator-frames.ts";
import { AppError } from "../lib/errors.ts";
import type { HeldBytes } from "./held-bytes.ts";
import { HUB_LIMITS } from "./limits.ts";
import type { MachineLink } from "./machine-link.ts";
import { answerHeaders, plainRequestHeaders, withoutBodyHeaders } from "./proxy-headers.ts";
import type { Viewer } from "./viewer.ts";

const READ_MS = 60_000;
const NO_BODY = new Set([204, 205, 304]);

interface PlainWay {
  link: MachineLink;
  viewer: Viewer;
  /** The path at the machine, and its query without `?`. */
  path: string;
  query: string | undefined;
  /** In path mode: below which path of the hub the machine is shown. */
  base?: string | undefined;
  held: HeldBytes;
}

/** A body that does not say its length counts as the longest one. */
const announcedBytes = ({ headers }: IncomingMessage): number =>
  Math.min(Number(headers["content-length"] ?? HUB_LIMITS.plainBodyBytes), HUB_LIMITS.plainBodyBytes);

/** One request to a machine without the extension: text only, whole, in one frame each way. */
export async function proxyPlain(req: IncomingMessage, res: ServerResponse, way: PlainWay): Promise<void> {
  const { link, viewer, path, query, base, held } = way;
  // An asterisk or a whole address: old clients put this behind their own address as it is.
  if (!path.startsWith("/")) throw new AppError("invalid", "This request cannot be handed on");
  const giveBack = held.hold(viewer.userId, hasBody(req) ? announcedBytes(req) : 0);
  res.once("close", giveBack);
  const body = hasBody(req) ? await readText(req) : undefined;
  const answer = await link.plain.ask({
    method: req.method ?? "GET",
    path,
    query,
    headers: plainRequestHeaders(req, viewer),
    body,
    proxyBase: base,
  });
  // The request's body is gone from here.
  giveBack();
  answerWhole(answer, { req, res, way });
}

function answerWhole(
  answer: HttpProxyResponse,
  { req, res, way: { base, held, viewer } }: { req: IncomingMessage; res: ServerResponse; way: PlainWay },
): void {
  if (answer.status < 200) throw new AppError("upstream_failed", "The machine answered what HTTP does not know");
  const isBase64 = answer.headers.some(
    ([name, value]) => name.toLowerCase() === "x-orch-encoding" && value === "base64",
  );
  const bytes = Buffer.from(answer.body, isBase64 ? "base64" : "utf8");
  res.once("close", held.hold(viewer.userId, bytes.length));
  const headers = answerHeaders(withoutBodyHeaders(answer.headers), base === undefined ? {} : { cookiePath: base });
  const isEmpty = NO_BODY.has(answer.status);
  const length = isEmpty ? [] : ["content-length", String(bytes.length)];
  res.writeHead(answer.status, STATUS_CODES[answer.status] ?? "", [...headers, ...length]);
  res.end(isEmpty || req.method === "HEAD" ? undefined : bytes);
}

/** Text is all that the frame carries; other bytes would arrive spoiled. */
async function readText(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  const tooSlow = setTimeout(() => req.destroy(), READ_MS).unref();
  try {
    for await (const chunk of req) {
      size += (chunk as Buffer).length;
      if (size > HUB_LIMITS.plainBodyBytes)
        throw new AppError("too_large", "This machine takes no more than 10 MiB: it knows no streaming");
      chunks.push(chunk as Buffer);
    }
  } finally {
    clearTimeout(tooSlow);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Buffer.concat(chunks));
  } catch {
    throw new AppError("unsupported_media_type", "This machine takes text only: it is of an older kind");
  }
}
