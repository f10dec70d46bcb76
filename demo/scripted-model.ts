import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { answerOf, sendStream, sendWhole, tokens, type Pace } from "./model-answer.ts";
import { credentialOf, readModelRequest, Refusal, type ModelRequest } from "./model-request.ts";
import { createScriptPlayer, type Play, type Scenario } from "./script-player.ts";
import { findPlace, type ScriptRequest } from "./script.ts";

/** One call of the model as it was received, for tests to look at. */
export interface RequestSummary {
  at: number;
  path: string;
  model: string;
  stream: boolean;
  sessionId: string;
  text: string;
  step: number;
  messages: number;
  /** The end of the system prompt, where an appended one stands. */
  systemTail: string;
  credential: string | undefined;
}

export interface ScriptedModelOptions {
  port?: number;
  /** Asked in order for prompts that carry no script of their own. */
  scenarios?: readonly Scenario[];
  pace?: Partial<Pace>;
}

const MAX_REMEMBERED = 2_000;
const KEPT_LETTERS = 4_000;
const DEFAULT_PACE: Pace = { letters: 40, pauseMs: 0 };

/** A Messages API on loopback that answers by script: no key, no account, no cost, the same answer every time. */
export async function startScriptedModel({ port = 0, scenarios = [], pace = {} }: ScriptedModelOptions = {}) {
  const requests: RequestSummary[] = [];
  const play = createScriptPlayer(scenarios);
  const stopping = new AbortController();

  async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const body = await readModelRequest(req);
    const request = requestOf(req, body);
    requests.push(summary(req, body, request));
    if (requests.length > MAX_REMEMBERED) requests.shift();
    const signal = AbortSignal.any([stopping.signal, goneSignal(res)]);
    await perform(res, { body, signal, pace: { ...DEFAULT_PACE, ...pace }, play: play(request) });
  }

  const server = createServer((req, res) => {
    serve(req, res, answer).catch((error: unknown) => refuse(res, error));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(port, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: requests as readonly RequestSummary[],
    async [Symbol.asyncDispose](): Promise<void> {
      stopping.abort();
      server.closeAllConnections();
      await server[Symbol.asyncDispose]();
    },
  };
}

export type ScriptedModel = Awaited<ReturnType<typeof startScriptedModel>>;

type Handler = (req: IncomingMessage, res: ServerResponse) => Promise<void>;

async function serve(req: IncomingMessage, res: ServerResponse, answer: Handler): Promise<void> {
  const { pathname } = new URL(req.url ?? "/", "http://127.0.0.1");
  switch (`${req.method} ${pathname}`) {
    case "HEAD /":
      res.writeHead(200).end();
      return;
    case "POST /v1/messages":
      return answer(req, res);
    case "POST /v1/messages/count_tokens": {
      const { letters } = await readModelRequest(req);
      res.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ input_tokens: tokens(letters) }));
      return;
    }
    default:
      throw new Refusal(404, "Not found");
  }
}

interface Performance {
  body: ModelRequest;
  play: Play;
  pace: Pace;
  signal: AbortSignal;
}

async function perform(res: ServerResponse, { body, play: { step, fault }, pace, signal }: Performance): Promise<void> {
  if (step.delayMs) await sleep(step.delayMs, undefined, { signal });
  if (fault) {
    if (fault.retryAfter !== undefined) res.setHeader("retry-after", fault.retryAfter);
    throw fault.refusal;
  }
  const message = answerOf(step, { model: body.model, requestLetters: body.letters });
  const cut = step.cut === true;
  if (body.stream) {
    await sendStream(res, message, { pace: { ...pace, pauseMs: step.paceMs ?? pace.pauseMs }, cut, signal });
  } else if (cut) res.destroy();
  else sendWhole(res, message);
}

function goneSignal(res: ServerResponse): AbortSignal {
  const gone = new AbortController();
  res.once("close", () => gone.abort());
  return gone.signal;
}

const requestOf = (req: IncomingMessage, body: ModelRequest): ScriptRequest => ({
  ...findPlace(body.messages),
  sessionId: String(req.headers["x-claude-code-session-id"] ?? ""),
  model: body.model,
  messages: body.messages,
});

function summary(
  req: IncomingMessage,
  body: ModelRequest,
  { text, step, sessionId, model }: ScriptRequest,
): RequestSummary {
  const system =
    typeof body.system === "string" ? body.system : (body.system ?? []).map((block) => block.text ?? "").join("\n");
  return {
    at: Date.now(),
    path: req.url ?? "",
    model,
    stream: body.stream,
    sessionId,
    text: text.slice(0, KEPT_LETTERS),
    step,
    messages: body.messages.length,
    systemTail: system.slice(-KEPT_LETTERS),
    credential: credentialOf(req),
  };
}

function refuse(res: ServerResponse, error: unknown): void {
  if (res.destroyed || res.headersSent) {
    res.destroy();
    return;
  }
  const refusal = error instanceof Refusal ? error : new Refusal(500, String(error));
  const body = { type: "error", error: { type: refusal.type, message: refusal.message }, request_id: "req_scripted" };
  res.writeHead(refusal.status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
