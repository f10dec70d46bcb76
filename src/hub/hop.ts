import { timingSafeEqual } from "node:crypto";
import { type IncomingMessage, request as httpRequest, type ServerResponse } from "node:http";
import { request as httpsRequest } from "node:https";
import { isIP } from "node:net";
import type { Duplex } from "node:stream";
import { pipeline } from "node:stream/promises";
import { z } from "zod";
import { AppError } from "../lib/errors.ts";
import type { HubSecrets } from "./hub-secrets.ts";
import { HUB_LIMITS } from "./limits.ts";
import type { Viewer } from "./viewer.ts";

export const HOP_HEADER = "x-hub-hop";
const GOOD_FOR_MS = 30_000;
const CONNECT_MS = 5_000;

const Hop = z.object({
  machineId: z.string(),
  method: z.string(),
  url: z.string(),
  until: z.number(),
  viewer: z.object({
    userId: z.string(),
    login: z.string(),
    githubId: z.number().nullable(),
    orgs: z.array(z.string()),
    teams: z.array(z.string()),
    signInId: z.string().nullable(),
  }),
});

export interface Hopped {
  machineId: string;
  viewer: Viewer;
}

/** The way from one process of the hub to another that holds a machine's socket. Who may do what was decided at the first. */
export function createHops(secrets: HubSecrets) {
  const sealed = (req: { method: string; url: string }, { machineId, viewer }: Hopped): string => {
    const text = Buffer.from(
      JSON.stringify({ machineId, viewer, method: req.method, url: req.url, until: Date.now() + GOOD_FOR_MS }),
    ).toString("base64url");
    return `${text}.${secrets.signHop(text).toString("base64url")}`;
  };

  return {
    sealed,
    /** What another process of ours vouches for, of exactly this request. Throws "forbidden" for anything else. */
    read(req: IncomingMessage): Hopped | undefined {
      const header = req.headers[HOP_HEADER];
      if (header === undefined) return undefined;
      const [text = "", signature = ""] = String(header).split(".");
      const [given, ours] = [Buffer.from(signature, "base64url"), secrets.signHop(text)];
      const isOurs = given.length === ours.length && timingSafeEqual(given, ours);
      const hop = isOurs ? Hop.parse(JSON.parse(Buffer.from(text, "base64url").toString())) : undefined;
      if (!hop || hop.until < Date.now() || hop.method !== req.method || hop.url !== req.url)
        throw new AppError("forbidden", "This does not come from a process of this hub");
      return hop;
    },

    /** The same request, asked at the other process. */
    async http(req: IncomingMessage, res: ServerResponse, to: Hopped & { processUrl: string }): Promise<void> {
      const asked = ask(req, to, sealed({ method: req.method ?? "GET", url: req.url ?? "/" }, to));
      res.once("close", () => asked.destroy());
      req.pipe(asked);
      const answer = await answerOf(asked);
      asked.setTimeout(0);
      res.writeHead(answer.statusCode ?? 502, answer.statusMessage ?? "", answer.rawHeaders);
      res.flushHeaders();
      await pipeline(answer, res).catch(() => res.destroy());
    },

    async webSocket(
      req: IncomingMessage,
      socket: Duplex & { head: Buffer },
      to: Hopped & { processUrl: string },
    ): Promise<void> {
      const asked = ask(req, to, sealed({ method: req.method ?? "GET", url: req.url ?? "/" }, to));
      socket.once("close", () => asked.destroy());
      asked.end();
      const upgraded = Promise.withResolvers<Duplex | undefined>();
      asked.once("upgrade", (answer, other: Duplex, head: Buffer) => {
        socket.write(headText(answer));
        if (head.length > 0) socket.write(head);
        upgraded.resolve(other);
      });
      asked.once("response", (answer) => {
        socket.write(headText(answer));
        answer.pipe(socket);
        upgraded.resolve(undefined);
      });
      asked.once("error", (error) => upgraded.reject(error));
      const other = await upgraded.promise;
      if (!other) return;
      asked.setTimeout(0);
      if (socket.head.length > 0) other.write(socket.head);
      await Promise.allSettled([pipeline(socket, other), pipeline(other, socket)]);
    },
  };
}

function ask(req: IncomingMessage, { processUrl }: { processUrl: string }, hop: string) {
  const to = new URL(processUrl);
  const raw = [...req.rawHeaders, HOP_HEADER, hop];
  const isSecure = to.protocol === "https:";
  const host = to.hostname.replace(/^\[|\]$/gu, "");
  const asked = (isSecure ? httpsRequest : httpRequest)({
    host,
    // The name in the Host header is the one that the browser asked for.
    ...(isSecure && isIP(host) === 0 && { servername: host }),
    port: to.port === "" ? (isSecure ? 443 : 80) : to.port,
    method: req.method,
    path: req.url,
    headers: raw,
    setHost: false,
    timeout: HUB_LIMITS.firstByteMs + CONNECT_MS,
  });
  asked.on("timeout", () => asked.destroy(new AppError("upstream_failed", "The other process did not answer")));
  return asked.on("error", () => undefined);
}

function answerOf(asked: ReturnType<typeof httpRequest>): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    asked.once("response", resolve);
    asked.once("error", () => reject(new AppError("unavailable", "The machine's hub process does not answer")));
  });
}

function headText({ statusCode, statusMessage, rawHeaders }: IncomingMessage): string {
  const lines = rawHeaders.flatMap((name, index) =>
    index % 2 === 0 ? [`${name}: ${rawHeaders[index + 1] ?? ""}`] : [],
  );
  return `HTTP/1.1 ${statusCode} ${statusMessage}\r\n${lines.join("\r\n")}\r\n\r\n`;
}
