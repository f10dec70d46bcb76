import { request as requestHttp, type IncomingMessage } from "node:http";
import { request as requestHttps } from "node:https";
import type { LookupFunction } from "node:net";

/** How a request ended: with an answer, or without one, before or after it may have reached the far end. */
export type PostResult =
  | { is: "answered"; status: number; headers: IncomingMessage["headers"]; text: string }
  | { is: "not_sent"; error: Error }
  | { is: "lost"; error: Error };

interface Post {
  url: URL;
  headers: Readonly<Record<string, string>>;
  body: string;
  lookup: LookupFunction;
  timeoutMs: number;
  maxAnswerBytes: number;
  signal: AbortSignal;
}

/**
 * One POST on a connection of its own: no redirect is followed, no proxy is asked, and of the answer's body at most
 * `maxAnswerBytes` are read. Never rejects.
 */
export function postJson({ url, headers, body, lookup, timeoutMs, maxAnswerBytes, signal }: Post): Promise<PostResult> {
  return new Promise((resolve) => {
    const secure = url.protocol === "https:";
    const bytes = Buffer.from(body);
    const request = (secure ? requestHttps : requestHttp)(url, {
      method: "POST",
      agent: false,
      lookup,
      headers: {
        "content-type": "application/json",
        ...headers,
        "content-length": String(bytes.length),
        connection: "close",
      },
    });
    let connected = false;
    let answered = false;
    const timer = setTimeout(() => request.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)), timeoutMs);
    const abort = () => request.destroy(signal.reason instanceof Error ? signal.reason : new Error("cut off"));
    const finish = (result: PostResult) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
      resolve(result);
    };
    signal.addEventListener("abort", abort, { once: true });

    request.on("socket", (socket) => socket.once(secure ? "secureConnect" : "connect", () => (connected = true)));
    const fail = (error: Error) => {
      if (!answered) finish({ is: connected ? "lost" : "not_sent", error });
    };
    request.on("error", fail);
    request.on("close", () => fail(new Error("the connection was closed without an answer")));
    request.on("response", (response) => {
      answered = true;
      void readText(response, maxAnswerBytes).then((text) => {
        finish({ is: "answered", status: response.statusCode ?? 0, headers: response.headers, text });
        request.destroy();
      });
    });
    if (signal.aborted) abort();
    else request.end(bytes);
  });
}

/** The beginning of an answer's body; an answer that breaks off is still an answer. */
async function readText(response: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      size += chunk.length;
      if (size >= maxBytes) break;
    }
  } catch {
    // What came until then is what there is.
  }
  return Buffer.concat(chunks).subarray(0, maxBytes).toString();
}
