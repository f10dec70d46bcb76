import { hostname } from "node:os";
import type { OrchestratorConfig } from "../config-orchestrator.ts";
import { REPORTS_CAPABILITY, TUNNEL_CAPABILITY } from "../contract/orchestrator-frames.ts";
import type { HubConnection } from "../contract/system.ts";
import { backoffMs } from "../lib/backoff.ts";
import { toError } from "../lib/errors.ts";
import { type Logger, troublesOf } from "../lib/logger.ts";
import { VERSION } from "../lib/version.ts";
import { wait } from "../lib/wait.ts";
import type { ClaimStore } from "./claimed-token.ts";
import { holdSession, type HubHandlers, type SessionEnd } from "./hub-session.ts";
import { connectUrl, pendingUrl, shownUrl } from "./hub-url.ts";
import type { StatusSource } from "./machine-status.ts";
import { awaitClaim, newClaimCode } from "./pending-session.ts";

const LONGEST_PAUSE_MS = 60_000;
/** A hub that ends a connection sooner than this has not really taken us back, and is asked ever more seldom. */
const STEADY_MS = 30_000;
/** Close codes of a hub that does not want us right now: our token is no longer good; another machine took our place. */
const NOT_WANTED = new Set([1008, 4001]);

interface Parts {
  config: OrchestratorConfig;
  project: string;
  claims: ClaimStore;
  status: StatusSource;
  handlers: HubHandlers;
  log: Logger;
  registerMs?: number;
}

interface Next {
  /** Not again before a restart. */
  isOver?: boolean;
  /** It went well for a while: the next pause is a short one. */
  wasSteady?: boolean;
  /** Asking soon would not help. */
  isRefused?: boolean;
  /** There is a token now. */
  isSoon?: boolean;
}

interface Keeper extends Parts {
  signal: AbortSignal;
  code: string;
  say: (change: Partial<HubConnection>) => void;
}

/** Keeps one connection to the hub, for ever: one attempt after the other, so there are never two. */
export function stayConnected(parts: Parts) {
  const { config } = parts;
  const stopped = new AbortController();
  let state: HubConnection = {
    url: shownUrl(config.url),
    state: "connecting",
    since: new Date().toISOString(),
    clientId: config.clientId,
    claimCode: null,
    message: null,
  };
  const say = (change: Partial<HubConnection>): void => {
    const isSame = change.state === undefined || change.state === state.state;
    const since = isSame ? state.since : new Date().toISOString();
    state = { ...state, claimCode: null, message: null, ...change, since };
  };
  const running = keepOn({ ...parts, signal: stopped.signal, code: newClaimCode(), say });
  return {
    /** For `/api/status`. */
    connection: (): HubConnection => state,
    async [Symbol.asyncDispose](): Promise<void> {
      stopped.abort();
      await running;
    },
  };
}

async function keepOn(keeper: Keeper): Promise<void> {
  const { config, log, say, signal } = keeper;
  for (let attempt = 1; !signal.aborted; attempt++) {
    const next = await tryOnce(keeper).catch((error: unknown): Next => {
      log.error({ err: toError(error) }, "[ORCHESTRATOR] connecting failed");
      say({ state: "waiting", message: "connecting failed; the log says why" });
      return {};
    });
    if (next.isOver || signal.aborted) return;
    if (next.wasSteady || next.isSoon) attempt = 1;
    if (next.isSoon) continue;
    const pace = next.isRefused
      ? { baseMs: LONGEST_PAUSE_MS, capMs: LONGEST_PAUSE_MS }
      : { baseMs: config.reconnectMs, capMs: Math.max(LONGEST_PAUSE_MS, config.reconnectMs) };
    const waitMs = backoffMs(next.isRefused ? 1 : attempt, pace);
    log.info({ waitMs, attempt }, "[ORCHESTRATOR] not connected; trying again");
    await wait(waitMs, signal);
  }
}

async function tryOnce(keeper: Keeper): Promise<Next> {
  const { config, claims } = keeper;
  if (config.token !== undefined) return holdOnce(keeper, { token: config.token, clientId: config.clientId });
  const claimed = await claims.read();
  if (!claimed) return claimOnce(keeper);
  const { next, end } = await hold(keeper, { token: claimed.token, clientId: claimed.clientId ?? config.clientId });
  // Revoked: somebody has to claim this machine again.
  if (end.status === 401) await claims.forget();
  return next;
}

const holdOnce = async (keeper: Keeper, by: By): Promise<Next> => (await hold(keeper, by)).next;

interface By {
  token: string;
  clientId: string;
}

async function hold(keeper: Keeper, { token, clientId }: By): Promise<{ next: Next; end: SessionEnd }> {
  const { config, project, status, handlers, log, say, signal, registerMs } = keeper;
  say({ state: "connecting", clientId });
  const end = await holdSession({
    url: connectUrl(config.url, { token, clientId }),
    clientId,
    register: {
      type: "register",
      client_id: clientId,
      user_token: token,
      metadata: { ...describe(project), status: status.current(), callback_url: config.callbackUrl ?? null },
    },
    heartbeatMs: config.heartbeatMs,
    log,
    handlers,
    status: status.current,
    totals: status.totals,
    onStatus: status.onChange,
    onRegistered: () => say({ state: "connected" }),
    troubles: troublesOf(log),
    signal,
    ...(registerMs !== undefined && { registerMs }),
  });
  return { next: judge(end, keeper), end };
}

function judge(end: SessionEnd, { log, say }: Keeper): Next {
  if (end.isSentAway) {
    log.info("[ORCHESTRATOR] told to stay away; restart to connect again");
    say({ state: "away", message: "disconnected by the hub; restart to connect again" });
    return { isOver: true };
  }
  const message = end.status === 401 ? "the hub does not know this token" : wordsOf(end);
  log.warn({ why: message }, "[ORCHESTRATOR] the connection to the hub ended");
  say({ state: "waiting", message });
  const isRefused = end.status === 401 || end.status === 403 || NOT_WANTED.has(end.code);
  return { wasSteady: end.registeredMs >= STEADY_MS, isRefused };
}

async function claimOnce({ config, project, claims, log, say, signal, code }: Keeper): Promise<Next> {
  say({ state: "pending", claimCode: code });
  const { granted, isDenied, ...closing } = await awaitClaim({
    url: pendingUrl(config.url, config.claim),
    clientId: config.clientId,
    code,
    describe: { hostname: hostname(), project, platform: process.platform },
    heartbeatMs: config.heartbeatMs,
    log,
    signal,
  });
  if (granted) {
    await claims.save(granted);
    log.info("[ORCHESTRATOR] claimed; connecting with the token that was granted");
    return { isSoon: true };
  }
  say({ state: "waiting", message: isDenied ? "the hub refused to let this machine be claimed" : wordsOf(closing) });
  return { isRefused: isDenied };
}

const describe = (project: string) => ({
  hostname: hostname(),
  project,
  version: VERSION,
  platform: process.platform,
  capabilities: [TUNNEL_CAPABILITY, REPORTS_CAPABILITY],
});

const wordsOf = ({ code, reason, status }: { code: number; reason: string; status?: number }): string =>
  (status === undefined ? `${reason || "the connection ended"} (${code})` : `the hub answered ${status}`).slice(0, 200);
