import { SocketModeClient } from "@slack/socket-mode";
import { backoffMs } from "../../lib/backoff.ts";
import { toError } from "../../lib/errors.ts";
import type { Logger } from "../../lib/logger.ts";
import { wait, within } from "../../lib/wait.ts";
import { slackError } from "./acknowledgements.ts";
import type { Receiver } from "./receiver.ts";
import { quietSlackLogger } from "./slack-logger.ts";

interface SocketMode {
  appToken: string;
  apiUrl: string;
  receiver: Receiver;
  log: Logger;
}

const BACKOFF = { baseMs: 500, capMs: 30_000 };
/** With a token that Slack does not take there is nothing to hope for but a person. */
const REFUSED_WAIT_MS = 60_000;
const START_MS = 30_000;
/** A socket that is closed already says nothing more. */
const CLOSING_MS = 300;
/** A connection that lasted so long was a good one; others that close are opened again with growing pauses. */
const STEADY_MS = 5_000;
const REFUSED: ReadonlySet<string> = new Set([
  "invalid_auth",
  "not_authed",
  "account_inactive",
  "token_revoked",
  "token_expired",
  "not_allowed_token_type",
  "missing_scope",
]);

interface Envelope {
  ack: (reply?: unknown) => Promise<void>;
  body: unknown;
  envelope_id?: string;
}

/**
 * Receives by a WebSocket that we open, until the signal aborts. Slack closes it every few hours, and networks more
 * often: it is opened again by us, because the library's own loop ends the process when the token was revoked.
 */
export async function followSocket(parts: SocketMode, signal: AbortSignal): Promise<void> {
  const { log } = parts;
  for (let failures = 0; !signal.aborted;) {
    const began = performance.now();
    const end = await followOnce(parts, signal).catch((error: unknown) => toError(error));
    if (signal.aborted) return;
    const isSteady = end === undefined && performance.now() - began > STEADY_MS;
    failures = isSteady ? 0 : failures + 1;
    const said = slackError(end);
    if (said !== undefined && REFUSED.has(said)) {
      log.error({ reason: said }, "Slack refuses SLACK_APP_TOKEN; Socket Mode is tried again in a minute");
      await wait(REFUSED_WAIT_MS, signal);
    } else {
      log.warn({ reason: end?.message ?? "closed", failures }, "the Slack socket closed; opening it again");
      await wait(failures === 0 ? 0 : backoffMs(failures, BACKOFF), signal);
    }
  }
}

/** One connection: resolves when it was closed after it had been open, rejects when it could not be opened. */
async function followOnce({ appToken, apiUrl, receiver, log }: SocketMode, signal: AbortSignal): Promise<undefined> {
  const client = new SocketModeClient({
    appToken,
    autoReconnectEnabled: false,
    logger: quietSlackLogger(),
    clientOptions: { slackApiUrl: apiUrl, retryConfig: { retries: 0 }, timeout: START_MS },
  });
  client.on("slack_event", (envelope: Envelope) => {
    void take(envelope).catch((error: unknown) =>
      log.warn({ err: error }, "taking in what came by the Slack socket failed; Slack sends it again"),
    );
  });
  /** Not acknowledged, Slack sends it again. */
  async function take({ ack, body }: Envelope): Promise<void> {
    const reply = await receiver.accept(body);
    await ack(reply);
  }

  const over = new AbortController();
  const closed = new Promise<"closed">((resolve) => client.on("disconnected", () => resolve("closed")));
  const stopped = new Promise<"stopped">((resolve) => {
    signal.addEventListener("abort", () => resolve("stopped"), { signal: over.signal });
    if (signal.aborted) resolve("stopped");
  });
  const late = wait(START_MS, over.signal).then(() => "late" as const);
  const started = client.start().then(() => "open" as const);
  // Whoever stops waiting for it does not hear how it ended; unheard it would end the process.
  started.catch(() => {});
  try {
    const how = await Promise.race([started, stopped, late]);
    if (how === "late") throw new Error(`no connection within ${START_MS / 1_000} s`);
    if (how === "stopped") return undefined;
    log.info("receiving from Slack by Socket Mode");
    await Promise.race([closed, stopped]);
    return undefined;
  } finally {
    over.abort();
    await within(
      CLOSING_MS,
      client.disconnect().catch(() => {}),
    );
  }
}
