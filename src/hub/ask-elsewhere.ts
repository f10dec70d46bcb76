import type { IncomingMessage, ServerResponse } from "node:http";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { z } from "zod";
import type { Database } from "../db/database.ts";
import type { AskMachine } from "./ask-machine.ts";
import { createHops, HOP_HEADER, type Hopped } from "./hop.ts";
import type { HubSecrets } from "./hub-secrets.ts";
import { HUB_LIMITS } from "./limits.ts";
import { findMachine } from "./machine-queries.ts";
import { findProcessUrl } from "./process-queries.ts";
import { sendFailure } from "./proxy-answer.ts";

/** Where processes of the hub hand each other people's requests to machines. */
export const ASK_PATH = "/.hub/ask";
const Asked = z.object({ action: z.string(), payload: z.unknown() });
const Told = z.object({ data: z.unknown(), complete: z.boolean() });
const GONE = { data: { error: true, message: "The machine is gone" }, complete: true };

/** Asks at this process, or at the one that holds the machine's socket. */
export function createAskAnywhere(
  { db, secrets }: { db: Database; secrets: HubSecrets },
  askHere: AskMachine,
): AskMachine {
  const hops = createHops(secrets);

  return async (ask) => {
    const here = await askHere(ask);
    const { processId } = ask.machine;
    if (here || processId === null) return here;
    const url = await findProcessUrl(db, processId);
    if (url === undefined) return undefined;
    const cancelled = new AbortController();
    const { action, payload, viewer, machine, onChunk } = ask;
    const hop = hops.sealed({ method: "POST", url: ASK_PATH }, { machineId: machine.id, viewer });
    const response = await fetch(`${url}${ASK_PATH}`, {
      method: "POST",
      headers: { [HOP_HEADER]: hop, "Content-Type": "application/json" },
      body: JSON.stringify({ action, payload: payload ?? null }),
      signal: cancelled.signal,
    }).catch(() => undefined);
    if (!response?.ok || !response.body) return undefined;
    void tellLines(Readable.from(response.body), onChunk);
    return () => cancelled.abort();
  };
}

async function tellLines(body: Readable, tell: Parameters<AskMachine>[0]["onChunk"]): Promise<void> {
  try {
    for await (const line of createInterface({ input: body })) {
      const chunk = Told.parse(JSON.parse(line));
      tell({ data: chunk.data, complete: chunk.complete });
      if (chunk.complete) return;
    }
    tell(GONE);
  } catch {
    tell(GONE);
  }
}

/** The other end: the machine is connected here, and what it answers goes back line by line. */
export function answerAsk(req: IncomingMessage, res: ServerResponse, given: Given): void {
  handOn(req, res, given).catch(() => res.destroy());
}

interface Given {
  db: Database;
  ask: AskMachine;
  hop: Hopped;
}

async function handOn(req: IncomingMessage, res: ServerResponse, { db, ask, hop }: Given): Promise<void> {
  const asked = Asked.safeParse(await readJson(req));
  const machine = await findMachine(db, hop.machineId);
  if (!asked.success || !machine) return sendFailure(res, { status: 404, error: "Client not found" });
  const cancel = await ask({
    viewer: hop.viewer,
    machine,
    action: asked.data.action,
    payload: asked.data.payload,
    onChunk(chunk) {
      if (!res.headersSent) res.writeHead(200, { "Content-Type": "application/x-ndjson" });
      res.write(`${JSON.stringify({ data: chunk.data ?? null, complete: chunk.complete })}\n`);
      if (chunk.complete) res.end();
    },
  });
  if (!cancel) return sendFailure(res, { status: 503, error: "Client not connected" });
  if (!res.headersSent) res.writeHead(200, { "Content-Type": "application/x-ndjson" }).flushHeaders();
  res.once("close", cancel);
}

async function readJson(req: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req) {
    size += (chunk as Buffer).length;
    if (size > HUB_LIMITS.frameBytes) return undefined;
    chunks.push(chunk as Buffer);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    return undefined;
  }
}
