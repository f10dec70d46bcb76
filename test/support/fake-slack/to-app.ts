import { createHmac } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { openSocketMode } from "./socket-mode.ts";
import type { Json } from "./state.ts";
import type { World } from "./world.ts";

/** Slack waits this long for an answer. */
const ANSWER_MS = 3_000;

/** How one request to the app went. */
export interface Attempt {
  /** HTTP status; 0: no connection or no answer in time. 200 for an acknowledged envelope. */
  status: number;
  ms: number;
  body: string;
}

export interface AppAddress {
  transport: "http" | "socket";
  /** Where the app's server listens; undefined: nowhere now. */
  url: string | undefined;
  paths: { events: string; interactions: string; commands: string };
  /** Pauses before each repetition of an event that was not acknowledged. Slack: at once, a minute, five minutes. */
  retryDelaysMs: readonly number[];
}

interface Signing {
  /** Seconds to add to the time of signing. */
  shiftSeconds?: number;
  secret?: string;
  headers?: Record<string, string>;
}

interface Request {
  url: string;
  body: string;
  /** The app's signing secret. */
  ours: string;
  signal: AbortSignal;
}

/** One signed request. */
async function postSigned({ url, body, ours, signal }: Request, signing: Signing): Promise<Attempt> {
  const { shiftSeconds = 0, secret = ours, headers } = signing;
  const began = Date.now();
  const time = String(Math.floor(began / 1000) + shiftSeconds);
  const mac = createHmac("sha256", secret).update(`v0:${time}:${body}`).digest("hex");
  const json = body.startsWith("{");
  try {
    const response = await fetch(url, {
      method: "POST",
      body,
      headers: {
        "content-type": json ? "application/json" : "application/x-www-form-urlencoded",
        "user-agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
        "x-slack-request-timestamp": time,
        "x-slack-signature": `v0=${mac}`,
        ...headers,
      },
      signal: AbortSignal.any([AbortSignal.timeout(ANSWER_MS), signal]),
    });
    return { status: response.status, body: await response.text(), ms: Date.now() - began };
  } catch {
    return { status: 0, body: "", ms: Date.now() - began };
  }
}

/** Carries events, interactions and commands to the app as Slack does, over HTTP or Socket Mode. */
export function createPosting(world: World, address: AppAddress, socket: ReturnType<typeof openSocketMode>) {
  const closing = new AbortController();

  const post = (path: string, body: string, signing: Signing = {}): Promise<Attempt> => {
    const url = `${address.url ?? "http://127.0.0.1:1"}${path}`;
    return postSigned({ url, body, ours: world.signingSecret, signal: closing.signal }, signing);
  };

  async function once(envelope: Json, retry: number): Promise<Attempt> {
    if (address.transport === "http") {
      const headers = { "x-slack-retry-num": String(retry), "x-slack-retry-reason": "http_timeout" };
      return post(address.paths.events, JSON.stringify(envelope), retry === 0 ? {} : { headers });
    }
    const began = Date.now();
    const answer = await socket.send("events_api", { payload: envelope, retry, timeoutMs: ANSWER_MS });
    return { status: answer.acknowledged ? 200 : 0, body: "", ms: Date.now() - began };
  }

  return {
    post,

    /** Sends an event until it is acknowledged, or Slack would give up. */
    async event(envelope: Json): Promise<Attempt[]> {
      const attempts: Attempt[] = [];
      for (const pause of [0, ...address.retryDelaysMs]) {
        if (pause > 0) await sleep(pause, undefined, { signal: closing.signal }).catch(() => undefined);
        if (closing.signal.aborted) break;
        const attempt = await once(envelope, attempts.length);
        attempts.push(attempt);
        if (attempt.status >= 200 && attempt.status < 300) break;
      }
      return attempts;
    },

    /** One request that asks for an answer at once: an interaction or a command. Slack does not repeat these. */
    async ask(kind: "interactive" | "slash_commands", payload: Json): Promise<Attempt> {
      if (address.transport === "socket") {
        const began = Date.now();
        const answer = await socket.send(kind, { payload, timeoutMs: ANSWER_MS });
        const body = answer.payload ? JSON.stringify(answer.payload) : "";
        return { status: answer.acknowledged ? 200 : 0, body, ms: Date.now() - began };
      }
      if (kind === "interactive")
        return post(address.paths.interactions, new URLSearchParams({ payload: JSON.stringify(payload) }).toString());
      return post(address.paths.commands, new URLSearchParams(payload as Record<string, string>).toString());
    },

    dispose: (): void => closing.abort(),
  };
}
