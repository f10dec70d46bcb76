import { type ClientRequest, type IncomingMessage, request } from "node:http";
import type { Duplex } from "node:stream";
import type { InProcess } from "../http/in-process.ts";

/** What the application is asked, by whom. */
export interface LocalRequest {
  login: string;
  method: string;
  target: string;
  headers: [string, string][];
  hasBody: boolean;
  /** The browser's handshake of a WebSocket. */
  isWebSocket?: boolean;
}

/** Begins a request to our own server, as the person a hub let in. Its body is to be written, and it is to be ended. */
export function beginLocalRequest(inProcess: InProcess, asked: LocalRequest): ClientRequest {
  const { login, method, target, headers, hasBody, isWebSocket = false } = asked;
  // Its length is whatever comes: an announced one that is wrong would mix requests.
  const kept = headers.filter(([name]) => name !== "content-length");
  const framing: [string, string][] = isWebSocket
    ? [
        ["connection", "Upgrade"],
        ["upgrade", "websocket"],
      ]
    : [["connection", "close"]];
  const sent: [string, string][] = [["host", "localhost"], ...kept, ...framing];
  if (!isWebSocket) sent.push(hasBody ? ["transfer-encoding", "chunked"] : ["content-length", "0"]);
  return request({
    method,
    path: target,
    headers: sent.flat(),
    createConnection: () => inProcess.connect({ kind: "hub", name: login }),
  });
}

export type LocalAnswer =
  | { kind: "answer"; response: IncomingMessage }
  | { kind: "upgrade"; response: IncomingMessage; socket: Duplex; head: Buffer };

/** The head of the answer; rejects when the connection ends before it. */
export function answerTo(local: ClientRequest): Promise<LocalAnswer> {
  return new Promise((resolve, reject) => {
    local.once("response", (response) => resolve({ kind: "answer", response }));
    local.once("upgrade", (response, socket, head) => resolve({ kind: "upgrade", response, socket, head }));
    local.on("error", reject);
    local.once("close", () => reject(new Error("the connection ended without an answer")));
  });
}
