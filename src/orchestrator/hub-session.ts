import {
  type HubFrame,
  type IdentityKey,
  type MachineFrame,
  type MachineStatus,
  type OrchestrationTotals,
  parseHubFrame,
  REPORTS_CAPABILITY,
  TUNNEL_CAPABILITY,
} from "../contract/orchestrator-frames.ts";
import type { TunnelOpen } from "../contract/orchestrator-tunnel.ts";
import type { Logger, TroubleSource } from "../lib/logger.ts";
import { createTunnel, type TunnelStream } from "../lib/tunnel-streams.ts";
import { startHeartbeat } from "./heartbeat.ts";
import { type Closing, type HubSocket, openHubSocket } from "./hub-socket.ts";
import { areSame } from "./machine-status.ts";
import { reportTrouble } from "./report-trouble.ts";

/** A hub that takes the socket and then says nothing. */
const REGISTER_MS = 15_000;
/** What existing hubs say before they close, when a person pressed "Disconnect". */
const DISCONNECTED = "Disconnected by user";

/** What requests of a hub are answered by. It stands for one socket, and is of no use after that. */
export interface HubLink {
  clientId: string;
  send(frame: MachineFrame): void;
  /** Whether the hub signs who is asking; without it we can only believe its headers. */
  hasTunnel: boolean;
  identityKeys: readonly IdentityKey[];
  /** Aborts with the socket. */
  ended: AbortSignal;
}

export interface HubHandlers {
  http(request: Extract<HubFrame, { type: "http_proxy_request" }>, link: HubLink): void;
  user(request: Extract<HubFrame, { type: "user_request" }>, link: HubLink): void;
  stream(stream: TunnelStream, open: TunnelOpen, link: HubLink): void;
}

export interface SessionParts {
  url: string;
  clientId: string;
  register: Extract<MachineFrame, { type: "register" }>;
  heartbeatMs: number;
  log: Logger;
  handlers: HubHandlers;
  /** What is to be reported now. */
  status: () => MachineStatus;
  totals?: (() => OrchestrationTotals | undefined) | undefined;
  onStatus: (changed: () => void) => () => void;
  onRegistered: () => void;
  /** What this process warns of, for a hub that wants to know. */
  troubles: TroubleSource;
  signal: AbortSignal;
  registerMs?: number;
}

export interface SessionEnd extends Closing {
  /** How long it was registered. */
  registeredMs: number;
  /** Somebody said that this machine is to stay away. */
  isSentAway: boolean;
}

/** What is known of the connection while it lasts. */
interface Talk {
  parts: SessionParts;
  socket: HubSocket;
  link: HubLink;
  registeredAt: number | undefined;
  isSentAway: boolean;
  sent: { status: MachineStatus; totals: OrchestrationTotals | undefined } | undefined;
}

/** One connection as a machine: registers, reports, answers, until the socket ends. Never rejects. */
export async function holdSession(parts: SessionParts): Promise<SessionEnd> {
  const { log, clientId, heartbeatMs, signal, registerMs = REGISTER_MS } = parts;
  const ended = new AbortController();
  const socket = openHubSocket(parts.url, {
    onOpen() {
      log.info("[ORCHESTRATOR] Connected to orchestrator");
      socket.send(parts.register);
    },
    onText(text) {
      heartbeat.heard();
      hear(talk, text);
    },
    onBytes(bytes) {
      heartbeat.heard();
      if (link.hasTunnel && !tunnel.receive(bytes)) cutBecause("no frame");
    },
  });
  const cutBecause = (why: string): void => {
    log.warn({ why }, "[ORCHESTRATOR] the connection to the hub is cut; connecting again");
    socket.cut();
  };
  const link: HubLink = { clientId, send: socket.send, hasTunnel: false, identityKeys: [], ended: ended.signal };
  const talk: Talk = { parts, socket, link, registeredAt: undefined, isSentAway: false, sent: undefined };
  const late = setTimeout(() => talk.registeredAt === undefined && cutBecause("not registered in time"), registerMs);
  const heartbeat = startHeartbeat({
    intervalMs: heartbeatMs,
    ping: () => socket.send({ type: "ping", client_id: clientId }),
    onDead: () => cutBecause("no answer to a ping"),
  });
  const tunnel = createTunnel({
    send: socket.sendBytes,
    onOpen: (stream, open) => parts.handlers.stream(stream, open, link),
  });
  const unwatch = parts.onStatus(() => {
    if (talk.registeredAt !== undefined && isNews(talk)) sendStatus(talk);
  });
  const stop = (): void => socket.close(1000, "Client disconnect");
  if (signal.aborted) stop();
  else signal.addEventListener("abort", stop, { once: true });

  const closing = await socket.closed;
  signal.removeEventListener("abort", stop);
  unwatch();
  clearTimeout(late);
  heartbeat.stop();
  tunnel.close();
  ended.abort();
  const { registeredAt, isSentAway } = talk;
  return { ...closing, registeredMs: registeredAt === undefined ? 0 : performance.now() - registeredAt, isSentAway };
}

function hear(talk: Talk, text: string): void {
  const parsed = parseHubFrame(text);
  if (parsed.ok) return onFrame(talk, parsed.frame);
  talk.parts.log.warn({ reason: parsed.reason, type: parsed.type }, "[ORCHESTRATOR] ignored a frame");
  if (talk.registeredAt !== undefined) answerBroken(parsed, talk.link);
}

function onFrame(talk: Talk, frame: HubFrame): void {
  const { parts, link } = talk;
  if (frame.type === "registered") return onRegistered(talk, frame);
  if (frame.type === "error") {
    parts.log.warn({ message: frame.message.slice(0, 300) }, "[ORCHESTRATOR] the hub reports an error");
    if (frame.message === DISCONNECTED) sendAway(talk);
    return;
  }
  // Before it has taken us in, a hub has nothing to ask.
  if (talk.registeredAt === undefined) return;
  if (frame.type === "command") onCommand(talk, frame.command);
  else if (frame.type === "http_proxy_request") parts.handlers.http(frame, link);
  else if (frame.type === "user_request") parts.handlers.user(frame, link);
}

function onRegistered(talk: Talk, frame: Extract<HubFrame, { type: "registered" }>): void {
  const { parts, socket, link } = talk;
  if (!frame.success) return socket.close(1000, "Not registered");
  link.hasTunnel = frame.capabilities?.includes(TUNNEL_CAPABILITY) ?? false;
  link.identityKeys = frame.identity_keys ?? [];
  sendStatus(talk);
  if (talk.registeredAt !== undefined) return;
  if (frame.capabilities?.includes(REPORTS_CAPABILITY))
    link.ended.addEventListener("abort", reportTrouble(parts.troubles, parts.clientId, socket.send), { once: true });
  talk.registeredAt = performance.now();
  parts.log.info({ tunnel: link.hasTunnel }, "[ORCHESTRATOR] Successfully connected and registered");
  parts.onRegistered();
}

function onCommand(talk: Talk, command: string): void {
  if (command === "disconnect") sendAway(talk);
  else if (command === "refresh_status") sendStatus(talk);
  else talk.parts.log.warn("[ORCHESTRATOR] ignored a command that is not known");
}

function sendAway(talk: Talk): void {
  talk.isSentAway = true;
  talk.socket.close(1000, "Client disconnect");
}

const isNews = ({ parts, sent }: Talk): boolean =>
  parts.status() !== sent?.status || !areSame(parts.totals?.(), sent.totals);

function sendStatus(talk: Talk): void {
  const { parts, socket } = talk;
  const [status, totals] = [parts.status(), parts.totals?.()];
  talk.sent = { status, totals };
  socket.send({ type: "status_update", client_id: parts.clientId, status, ...(totals && { orchestration: totals }) });
}

/** A request that breaks a rule is answered all the same: somebody waits for it. */
function answerBroken(
  { type, requestId, message }: { type?: string; requestId?: string; message: string },
  link: HubLink,
) {
  if (requestId === undefined) return;
  if (type === "http_proxy_request")
    link.send({
      type: "http_proxy_response",
      request_id: requestId,
      status: 400,
      headers: [["content-type", "application/json"]],
      body: JSON.stringify({ error: message }),
    });
  if (type === "user_request") {
    link.send({ type: "error", request_id: requestId, message });
    link.send({ type: "response_complete", request_id: requestId, data: { code: 4000, reason: message } });
  }
}
