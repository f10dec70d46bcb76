import { randomBytes, randomInt } from "node:crypto";
import { type HubFrame, parseHubFrame } from "../contract/orchestrator-frames.ts";
import type { Logger } from "../lib/logger.ts";
import type { ClaimedToken } from "./claimed-token.ts";
import { startHeartbeat } from "./heartbeat.ts";
import { openHubSocket, type Closing } from "./hub-socket.ts";

/** Without letters and digits that look like one another. */
const CODE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

const part = (): string => Array.from({ length: 4 }, () => CODE_LETTERS[randomInt(CODE_LETTERS.length)]).join("");

/** What a person compares at both ends before claiming a machine. */
export const newClaimCode = (): string => `${part()}-${part()}`;

export interface PendingParts {
  url: string;
  clientId: string;
  code: string;
  describe: { hostname: string; project: string; platform: string };
  heartbeatMs: number;
  log: Logger;
  signal: AbortSignal;
}

export interface PendingEnd extends Closing {
  granted: ClaimedToken | undefined;
  isDenied: boolean;
}

/** Waits on the hub's pending socket until somebody claims this machine, or the socket ends. Never rejects. */
export async function awaitClaim(parts: PendingParts): Promise<PendingEnd> {
  const { log, clientId, code, signal } = parts;
  const pendingId = `pending_${randomBytes(12).toString("hex")}`;
  let granted: ClaimedToken | undefined;
  let isDenied = false;
  const socket = openHubSocket(parts.url, {
    onOpen() {
      socket.send({ type: "pending_register", pending_id: pendingId, ...parts.describe, code });
      log.info({ code }, "[ORCHESTRATOR] waiting to be claimed at the hub");
    },
    onText,
    onBytes: () => heartbeat.heard(),
  });
  const heartbeat = startHeartbeat({
    intervalMs: parts.heartbeatMs,
    // Existing hubs want the one or the other.
    ping: () => socket.send({ type: "ping", client_id: clientId, pending_id: pendingId }),
    onDead: () => socket.cut(),
  });

  function onText(text: string): void {
    heartbeat.heard();
    const parsed = parseHubFrame(text);
    if (parsed.ok) onFrame(parsed.frame);
  }

  function onFrame(frame: HubFrame): void {
    if (frame.type === "token_granted") {
      granted = { token: frame.token, clientId: frame.client_id ?? undefined };
      socket.close(1000, "Claimed");
    } else if (frame.type === "authorization_denied") {
      isDenied = true;
      socket.close(1000, "Denied");
    } else if (frame.type === "pending_registered" && !frame.success)
      // Existing hubs always say this; a person can claim the machine all the same.
      log.warn("[ORCHESTRATOR] the hub does not know this machine's details");
  }

  const stop = (): void => socket.close(1000, "Client disconnect");
  if (signal.aborted) stop();
  else signal.addEventListener("abort", stop, { once: true });
  const closing = await socket.closed;
  signal.removeEventListener("abort", stop);
  heartbeat.stop();
  return { ...closing, granted, isDenied };
}
