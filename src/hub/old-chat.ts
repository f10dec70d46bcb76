import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type RawData, type WebSocket, WebSocketServer } from "ws";
import { AppError } from "../lib/errors.ts";
import { CLOSE } from "./close-codes.ts";
import { createFramePace } from "./frame-pace.ts";
import { HUB_LIMITS } from "./limits.ts";
import type { Liveness } from "./liveness.ts";
import type { Timeline } from "./machine-events.ts";
import { closeSocket, type MachineLink, sendFrame } from "./machine-link.ts";
import { rawBytes } from "./raw-bytes.ts";
import type { Chunk } from "./user-requests.ts";
import type { Viewer } from "./viewer.ts";

const FRAMES_PER_SECOND = 20;
/** What an old client's page says on its own socket, and its client takes from a hub; people see the first ones in the timeline. */
const TOLD = new Set(["claude-command", "cursor-command", "codex-command", "abort-session", "cursor-abort"]);
const QUIET = new Set(["claude-permission-response", "check-session-status", "get-active-sessions"]);
/** It is taken in without a word. */
const UNANSWERED = "claude-permission-response";

const CHAT_PATH = /^(?:\/clients\/m[0-9a-z]{15}\/tunnel)?\/ws(?:\?|$)/u;

interface ChatParts {
  liveness: Liveness;
  timeline: Timeline;
}

/**
 * The chat of an old machine's own page. Its page would open a socket to the machine itself, with a token of it in the URL;
 * here that socket ends at the hub, and what is said on it goes by the frames that the machine knows.
 */
export function createOldChat(parts: ChatParts) {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: HUB_LIMITS.plainBodyBytes,
  });

  return {
    /** Resolves when the socket is gone. Throws for what such a machine has not. */
    open(
      req: IncomingMessage,
      socket: Duplex & { head: Buffer },
      { link, viewer }: { link: MachineLink; viewer: Viewer },
    ): Promise<void> {
      if (!CHAT_PATH.test(req.url ?? ""))
        throw new AppError("unavailable", "This machine is of an older kind: of its sockets only the chat is carried");
      return new Promise((resolve) => {
        socket.once("close", () => resolve());
        server.handleUpgrade(req, socket, socket.head, (chat) => {
          chat.once("close", () => resolve());
          carry(parts, chat, { link, viewer });
        });
      });
    },
  };
}

function carry(
  { liveness, timeline }: ChatParts,
  chat: WebSocket,
  { link, viewer }: { link: MachineLink; viewer: Viewer },
) {
  const mayGoOn = createFramePace(FRAMES_PER_SECOND);
  const underWay = new Set<() => void>();
  const say = (message: object): void => void sendFrame(chat, message, HUB_LIMITS.browserQueueBytes);
  const refuse = (error: string): void => say({ type: "error", error });

  function ask(action: string, payload: object): void {
    if (underWay.size >= HUB_LIMITS.requestsPerBrowser) return refuse("Too many requests under way");
    let cancel: (() => void) | undefined;
    const onChunk = ({ data, complete }: Chunk): void => {
      if (!complete) return say(messageOf(data));
      if (cancel) underWay.delete(cancel);
      const failure = failureIn(data);
      if (failure !== undefined) say({ type: "claude-error", error: failure });
    };
    cancel = link.userRequests.start({ action, payload }, onChunk);
    if (!cancel) return refuse("The machine is not connected, or has too much to do");
    if (action === UNANSWERED) return cancel();
    underWay.add(cancel);
    if (TOLD.has(action))
      void timeline.add({ machineId: link.machineId, kind: "command", text: action, byLogin: viewer.login });
  }

  liveness.watch(chat);
  const forget = link.whenEnded(() => closeSocket(chat, CLOSE.restarting, "The machine is gone"));
  chat.on("error", () => chat.terminate());
  chat.on("message", (data: RawData) => {
    if (!mayGoOn()) return closeSocket(chat, CLOSE.refused, "Too many frames");
    const message = readMessage(rawBytes(data));
    if (!message) return refuse("Invalid message format");
    if (!TOLD.has(message.type) && !QUIET.has(message.type)) return refuse("The hub does not carry this");
    ask(message.type, message.rest);
  });
  chat.once("close", () => {
    forget();
    // What Claude does there goes on; the machine lets go of what it held for this page.
    for (const cancel of underWay) cancel();
  });
}

function readMessage(bytes: Buffer): { type: string; rest: object } | undefined {
  try {
    const message: unknown = JSON.parse(bytes.toString("utf8"));
    if (typeof message !== "object" || message === null || !("type" in message)) return undefined;
    const { type, ...rest } = message;
    return typeof type === "string" ? { type, rest } : undefined;
  } catch {
    return undefined;
  }
}

/** A machine's answer as its page knows it; what is no object its page would not understand. */
const messageOf = (data: unknown): object => (typeof data === "object" && data !== null ? data : { raw: data });

function failureIn(data: unknown): string | undefined {
  if (typeof data !== "object" || data === null || !("error" in data)) return undefined;
  return "message" in data && typeof data.message === "string" ? data.message : "The machine could not do this";
}
