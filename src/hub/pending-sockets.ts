import { randomBytes } from "node:crypto";
import type { RawData, WebSocket } from "ws";
import { parseMachineFrame, type MachineFrame } from "../contract/orchestrator-frames.ts";
import type { Database } from "../db/database.ts";
import type { Logger } from "../lib/logger.ts";
import { CLOSE } from "./close-codes.ts";
import { createFramePace } from "./frame-pace.ts";
import { HUB_LIMITS } from "./limits.ts";
import type { Liveness } from "./liveness.ts";
import { closeSocket, sendFrame } from "./machine-link.ts";
import { issueToken } from "./machine-token.ts";
import { deletePending, findClaim, insertPending } from "./pending-queries.ts";
import { rawBytes } from "./raw-bytes.ts";
import { setTokenSecret } from "./token-queries.ts";

const FRAMES_PER_SECOND = 2;

export interface Claimants {
  users: string[];
  orgs: string[];
  teams: string[];
}
export type PendingSockets = ReturnType<typeof createPendingSockets>;
type Register = Extract<MachineFrame, { type: "pending_register" }>;

interface Waiting {
  id: string;
  socket: WebSocket;
  address: string;
  clientPendingId: string;
}

interface PendingParts {
  db: Database;
  log: Logger;
  processId: string;
  liveness: Liveness;
}

/** Machines without a token: each waits on its socket until somebody it names claims it, ten minutes at most. */
export function createPendingSockets(parts: PendingParts) {
  const { db, log, liveness } = parts;
  const waiting = new Map<string, Waiting>();

  return {
    /** Whether another one from this address may wait. */
    hasRoom: (address: string): boolean =>
      waiting.size < HUB_LIMITS.pendingSockets &&
      [...waiting.values()].filter((one) => one.address === address).length < HUB_LIMITS.pendingPerAddress,

    accept(socket: WebSocket, { address, claimants }: { address: string; claimants: Claimants }): void {
      const it: Waiting = { id: `p${randomBytes(16).toString("hex")}`, socket, address, clientPendingId: "" };
      waiting.set(it.id, it);
      const timer = setTimeout(() => {
        sendFrame(socket, { type: "authorization_timeout", message: "Nobody claimed this machine in time" });
        closeSocket(socket, CLOSE.late, "Authorization timeout");
      }, HUB_LIMITS.pendingMs).unref();
      liveness.watch(socket);
      hearWaiting(it, log, (frame) => enterWaiting(parts, it, frame, claimants));
      socket.once("close", () => {
        clearTimeout(timer);
        waiting.delete(it.id);
        deletePending(db, it.id).catch((error: unknown) => log.warn({ err: error }, "a waiting machine stays listed"));
      });
    },

    /** Somebody claimed it: its secret is made here and goes nowhere but to the machine. */
    async claimed(id: string): Promise<void> {
      const it = waiting.get(id);
      const tokenId = it && (await findClaim(db, id))?.tokenId;
      if (!it || !tokenId) return;
      const token = issueToken(tokenId);
      if (!(await setTokenSecret(db, tokenId, token.secretHash))) return;
      const clientId = randomBytes(8).toString("hex");
      const { clientPendingId: pending_id } = it;
      sendFrame(it.socket, { type: "token_granted", pending_id, token: token.text, client_id: clientId });
    },

    get size() {
      return waiting.size;
    },
    close(): void {
      for (const { socket } of waiting.values()) closeSocket(socket, CLOSE.restarting, "The hub is restarting");
    },
  };
}

function hearWaiting({ socket }: Waiting, log: Logger, register: (frame: Register) => Promise<void>): void {
  const mayGoOn = createFramePace(FRAMES_PER_SECOND);
  let isRegistered = false;
  socket.on("error", () => socket.terminate());
  socket.on("message", (data: RawData) => {
    if (!mayGoOn()) return closeSocket(socket, CLOSE.refused, "Too many frames");
    const parsed = parseMachineFrame(rawBytes(data).toString("utf8"));
    if (!parsed.ok) {
      sendFrame(socket, { type: "error", message: `Invalid message format: ${parsed.message}` });
    } else if (parsed.frame.type === "ping") {
      const { client_id, pending_id } = parsed.frame;
      sendFrame(socket, { type: "pong", ...(client_id && { client_id }), ...(pending_id && { pending_id }) });
    } else if (parsed.frame.type === "pending_register" && !isRegistered) {
      isRegistered = true;
      register(parsed.frame).catch((error: unknown) => {
        log.warn({ err: error }, "a waiting machine could not be recorded");
        closeSocket(socket, CLOSE.restarting, "Try again later");
      });
    }
  });
}

const shown = (text: string): string => text.replaceAll(/[\u0000-\u001f\u007f]/gu, " ").toWellFormed();

async function enterWaiting(
  { db, processId }: PendingParts,
  it: Waiting,
  frame: Register,
  claimants: Claimants,
): Promise<void> {
  it.clientPendingId = frame.pending_id;
  await insertPending(db, {
    id: it.id,
    clientPendingId: shown(frame.pending_id),
    code: frame.code ?? null,
    hostname: shown(frame.hostname),
    project: shown(frame.project),
    platform: shown(frame.platform),
    ...claimants,
    processId,
  });
  // It went away meanwhile, and its row was looked for too early.
  if (it.socket.readyState !== it.socket.OPEN) return deletePending(db, it.id);
  const message = "Waiting for authorization.";
  sendFrame(it.socket, { type: "pending_registered", success: true, pending_id: frame.pending_id, message });
}
