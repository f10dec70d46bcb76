import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { z } from "zod";
import { RunFinished, RunStillRunning } from "../../src/contract/delivery.ts";

const Told = z.discriminatedUnion("type", [RunFinished, RunStillRunning]);
type Told = z.infer<typeof Told>;

/** One request that arrived whole. */
export interface Received {
  path: string;
  headers: IncomingHttpHeaders;
  text: string;
  body: Told;
  eventId: string;
  attempt: number;
  at: number;
}

/** What it does with a request; `nth` counts the requests of one event, from 1. */
type Answer = (res: ServerResponse, received: Received, nth: number) => unknown;

/** A receiver of callbacks on loopback that remembers what it got and what came at the same time. */
export async function startReceiver(answer: Answer = (res) => res.end("ok"), port = 0) {
  const received: Received[] = [];
  const twice: string[] = [];
  const underWay = new Map<string, number>();
  const faults: unknown[] = [];

  /** Notes when two requests of one event, or to one path, are under way at once. */
  function enter(key: string): () => void {
    const count = (underWay.get(key) ?? 0) + 1;
    underWay.set(key, count);
    if (count > 1) twice.push(key);
    return () => void underWay.set(key, (underWay.get(key) ?? 1) - 1);
  }

  const server = createServer((req, res) => {
    const leave = [enter(`path ${req.url}`), enter(`event ${String(req.headers["x-orchestrator-event-id"])}`)];
    res.once("close", () => leave.forEach((it) => it()));
    const chunks: Buffer[] = [];
    req.on("data", (chunk: Buffer) => chunks.push(chunk));
    req.on("end", () => {
      const text = Buffer.concat(chunks).toString();
      try {
        const body = Told.parse(JSON.parse(text));
        const eventId = String(req.headers["x-orchestrator-event-id"]);
        const attempt = Number(req.headers["x-orchestrator-attempt"]);
        const one = { path: req.url ?? "", headers: req.headers, text, body, eventId, attempt, at: Date.now() };
        received.push(one);
        answer(res, one, received.filter((other) => other.eventId === eventId).length);
      } catch (error) {
        faults.push(error);
        res.writeHead(500).end();
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const address = server.address() as AddressInfo;

  return {
    port: address.port,
    url: (path: string): string => `http://127.0.0.1:${address.port}${path}`,
    received,
    /** What was under way twice at once: it must stay empty. */
    twice,
    /** Requests that were no callback of ours. */
    faults,
    async [Symbol.asyncDispose](): Promise<void> {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
