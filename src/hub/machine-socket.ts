import type { RawData, WebSocket } from "ws";
import { type MachineFrame, parseMachineFrame } from "../contract/orchestrator-frames.ts";
import type { Database } from "../db/database.ts";
import type { Logger } from "../lib/logger.ts";
import { isDatabaseOutage } from "../lib/outage.ts";
import { CLOSE } from "./close-codes.ts";
import { enterMachine } from "./enter-machine.ts";
import { createFramePace } from "./frame-pace.ts";
import { hearMachine } from "./hear-machine.ts";
import type { HubSecrets } from "./hub-secrets.ts";
import { createLatest } from "./latest-status.ts";
import { HUB_LIMITS } from "./limits.ts";
import type { Liveness } from "./liveness.ts";
import type { Timeline } from "./machine-events.ts";
import { closeSocket, type MachineLink, sendFrame } from "./machine-link.ts";
import type { MachineLinks } from "./machine-links.ts";
import { markDisconnected, type TellMachine } from "./machine-queries.ts";
import { rawBytes } from "./raw-bytes.ts";

export interface MachineSocketParts {
  db: Database;
  log: Logger;
  processId: string;
  secrets: HubSecrets;
  links: MachineLinks;
  liveness: Liveness;
  timeline: Timeline;
  tell: TellMachine;
  /** Then what is left of all machines is recorded together. */
  isStopping: () => boolean;
}

interface Token {
  id: string;
  userId: string;
}

/** The life of a machine's socket: it registers, and then speaks for that one machine and for no other. */
export function acceptMachine(parts: MachineSocketParts, socket: WebSocket, token: Token): Promise<void> {
  const mayGoOn = createFramePace();
  const machine = createConversation(parts, socket, token);
  parts.liveness.watch(socket);
  socket.on("error", () => socket.terminate());
  function take(data: RawData, isBinary: boolean): void {
    if (isBinary && machine.link?.tunnel) {
      if (!machine.link.tunnel.receive(rawBytes(data))) closeSocket(socket, CLOSE.refused, "Not a tunnel frame");
      return;
    }
    if (!mayGoOn()) return closeSocket(socket, CLOSE.refused, "Too many frames");
    if (isBinary) return void sendFrame(socket, { type: "error", message: "Binary messages not supported" });
    machine.hear(rawBytes(data));
  }
  socket.on("message", (data: RawData, isBinary: boolean) => {
    try {
      take(data, isBinary);
    } catch (error) {
      // A fault of ours; whatever one machine says, the others stay.
      parts.log.error({ err: error, machineId: machine.link?.machineId }, "a frame of a machine could not be read");
      closeSocket(socket, CLOSE.fault, "Try again later");
    }
  });
  return new Promise((resolve) => {
    socket.once("close", () => void machine.leave().then(resolve));
  });
}

function createConversation(parts: MachineSocketParts, socket: WebSocket, token: Token) {
  const { log } = parts;
  let link: MachineLink | undefined;
  let isEntering = false;
  let turn = Promise.resolve();
  const status = createLatest(hear);
  const tooLate = setTimeout(() => closeSocket(socket, CLOSE.refused, "No register"), HUB_LIMITS.registerMs);

  /** What needs the database happens in the order of the frames; when it fails the machine is sent away and comes back. */
  function inTurn(work: () => Promise<void>): Promise<void> {
    turn = turn.then(work).catch((error: unknown) => {
      log.warn({ err: error, machineId: link?.machineId }, "a frame of a machine could not be dealt with");
      closeSocket(socket, isDatabaseOutage(error) ? CLOSE.restarting : CLOSE.fault, "Try again later");
    });
    return turn;
  }

  function receive(frame: MachineFrame): void {
    if (frame.type === "ping") {
      sendFrame(socket, { type: "pong", client_id: frame.client_id ?? "" });
    } else if (frame.type === "register" && !isEntering) {
      isEntering = true;
      clearTimeout(tooLate);
      void inTurn(async () => {
        link = await enterMachine(parts, { socket, token, frame });
      });
    } else if (frame.type === "status_update") {
      status.hear(frame);
    } else {
      hear(frame);
    }
  }

  function hear(frame: MachineFrame): void {
    const work = link && hearMachine(link, frame, parts);
    if (work) void inTurn(work);
  }

  return {
    get link() {
      return link;
    },
    hear(data: Buffer): void {
      if (link?.hasTunnel && data.length > HUB_LIMITS.frameBytes)
        return closeSocket(socket, CLOSE.tooLarge, "Frame too large");
      // Nobody asked for so much, or waits for it any more: it is not even read.
      if (data.length > HUB_LIMITS.frameBytes && !link?.isAsked()) return;
      const parsed = parseMachineFrame(data.toString("utf8"));
      if (parsed.ok) return receive(parsed.frame);
      sendFrame(socket, { type: "error", message: `Invalid message format: ${parsed.message}` });
      if (parsed.requestId !== undefined) link?.plain.fail(parsed.requestId, parsed.message);
    },
    /** The socket is gone; resolves when that is recorded. */
    leave(): Promise<void> {
      clearTimeout(tooLate);
      status.stop();
      link?.end();
      // In turn: it may be entering just now.
      return inTurn(async () => {
        if (link) await recordLeft(parts, link);
      });
    },
  };
}

async function recordLeft({ db, links, tell, isStopping }: MachineSocketParts, link: MachineLink): Promise<void> {
  link.end();
  links.remove(link);
  if (isStopping()) return;
  const own = { id: link.machineId, connectionId: link.connectionId };
  await markDisconnected(db, own, { text: "the connection ended", tell });
}
