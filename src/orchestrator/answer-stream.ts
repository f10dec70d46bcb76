import { pipeline } from "node:stream/promises";
import type { TunnelOpen } from "../contract/orchestrator-tunnel.ts";
import type { InProcess } from "../http/in-process.ts";
import { problemOf } from "../http/problem-of.ts";
import { AppError } from "../lib/errors.ts";
import type { Logger } from "../lib/logger.ts";
import { StreamCancelled, type TunnelStream } from "../lib/tunnel-streams.ts";
import type { HubGate } from "./hub-gate.ts";
import type { HubLink } from "./hub-session.ts";
import { answerTo, beginLocalRequest } from "./local-request.ts";
import { answerHeaders, headerOf, isForeign, requestHeaders } from "./proxy-headers.ts";

interface Parts {
  inProcess: InProcess;
  gate: HubGate;
  log: Logger;
}

/** Answers one stream of the tunnel: a request of a browser at the hub to our own dashboard and API. */
export function createStreamAnswerer({ inProcess, gate, log }: Parts) {
  async function admit({ method, headers, identity, github_token }: TunnelOpen, link: HubLink): Promise<string> {
    if (isForeign(method, headers))
      throw new AppError("forbidden", "Another site may not use this machine from a browser");
    return gate.admit({ identity, githubToken: github_token }, link);
  }

  function ask(login: string, { kind, method, target, headers }: TunnelOpen, hasBody: boolean) {
    return beginLocalRequest(inProcess, {
      login,
      method,
      target,
      headers: requestHeaders(headers, { conditional: true }),
      hasBody,
      isWebSocket: kind === "websocket",
    });
  }

  async function carry(stream: TunnelStream, open: TunnelOpen, login: string): Promise<void> {
    const hasBody = open.kind === "http" && open.body && headerOf(open.headers, "content-length") !== "0";
    const local = ask(login, open, hasBody);
    stream.once("close", () => local.destroy());
    const answered = answerTo(local);
    if (hasBody) stream.pipe(local);
    else local.end();
    const answer = await answered;
    if (answer.kind === "upgrade") {
      const { response, socket, head } = answer;
      stream.sendHead({ status: 101, headers: answerHeaders(response.rawHeaders) });
      if (head.length > 0) socket.unshift(head);
      stream.once("close", () => socket.destroy());
      stream.pipe(socket).pipe(stream);
      return;
    }
    const { response } = answer;
    stream.sendHead({ status: response.statusCode ?? 502, headers: answerHeaders(response.rawHeaders) });
    // What the application did not read of the request is thrown away, so that the other end can be done with it.
    response.once("end", () => {
      stream.unpipe(local);
      stream.resume();
    });
    await pipeline(response, stream);
  }

  return async function answerStream(stream: TunnelStream, open: TunnelOpen, link: HubLink): Promise<void> {
    try {
      const login = await admit(open, link);
      if (!stream.destroyed) await carry(stream, open, login);
    } catch (error) {
      if (stream.destroyed) return;
      if (error instanceof AppError) return refuse(stream, error);
      log.warn({ err: error }, "[ORCHESTRATOR] a request through the hub failed");
      stream.destroy(new StreamCancelled({ code: "failed" }));
    }
  };
}

/** In the same shape as every other problem. */
function refuse(stream: TunnelStream, error: AppError): void {
  const problem = problemOf(error, "");
  stream.sendHead({
    status: problem.status,
    headers: [
      ["content-type", "application/problem+json"],
      ["cache-control", "no-store"],
    ],
  });
  stream.resume();
  stream.end(JSON.stringify(problem));
}
