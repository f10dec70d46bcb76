import type { RawData, WebSocket } from "ws";
import { BrowserFrame } from "../contract/hub.ts";
import type { Database } from "../db/database.ts";
import type { Logger } from "../lib/logger.ts";
import type { AskMachine } from "./ask-machine.ts";
import { CLOSE } from "./close-codes.ts";
import { createFramePace } from "./frame-pace.ts";
import type { HubNames } from "./hub-names.ts";
import { HUB_LIMITS } from "./limits.ts";
import type { Liveness } from "./liveness.ts";
import { closeSocket, sendFrame } from "./machine-link.ts";
import { findMachines, findVisibleMachine, listVisibleMachines, type MachineRow } from "./machine-queries.ts";
import { isShownTo, presentMachine } from "./present-machine.ts";
import { rawBytes } from "./raw-bytes.ts";
import { findStillSignedIn } from "./user-queries.ts";
import type { Viewer } from "./viewer.ts";

const FRAMES_PER_SECOND = 20;
const MAX_LISTED = 1_000;
/** Changes that come together are looked up together. */
const GATHER_MS = 10;

interface Browser {
  socket: WebSocket;
  viewer: Viewer;
  /** Has asked for the list, and hears of changes since. */
  listens: boolean;
  cancels: Map<string, () => void>;
  send: (frame: object) => void;
}

export interface BrowserSocketParts {
  db: Database;
  log: Logger;
  names: HubNames;
  liveness: Liveness;
  ask: AskMachine;
}
export type BrowserSockets = ReturnType<typeof createBrowserSockets>;

/** The browsers that look at the hub: they see their machines change, and may ask them. */
export function createBrowserSockets(parts: BrowserSocketParts) {
  const { db, log, names, liveness } = parts;
  const browsers = new Set<Browser>();
  const changed = new Set<string>();
  let gathering: NodeJS.Timeout | undefined;
  const failed = (error: unknown) => log.warn({ err: error }, "browsers were not told of a change");

  async function tellChanges(): Promise<void> {
    gathering = undefined;
    const ids = [...changed];
    changed.clear();
    const listening = [...browsers].filter(({ listens }) => listens);
    if (listening.length === 0) return;
    const rows = new Map((await findMachines(db, ids)).map((row) => [row.id, row]));
    for (const browser of listening) for (const id of ids) tell(browser, id, rows.get(id));
  }

  function tell({ viewer, send }: Browser, id: string, row: MachineRow | undefined): void {
    if (!row || !isShownTo(row, viewer)) return send({ type: "client_disconnected", client_id: id, removed: true });
    send({ type: "client_update", client: presentMachine(row, viewer.userId, names) });
    if (row.connectionId === null) send({ type: "client_disconnected", client_id: id });
  }

  return {
    accept(socket: WebSocket, viewer: Viewer): void {
      const same = [...browsers].filter((one) => one.viewer.userId === viewer.userId);
      if (same.length >= HUB_LIMITS.browsersPerUser) return closeSocket(socket, CLOSE.refused, "Too many browsers");
      const send = (frame: object) => void sendFrame(socket, frame, HUB_LIMITS.browserQueueBytes);
      const browser: Browser = { socket, viewer, listens: false, cancels: new Map(), send };
      browsers.add(browser);
      liveness.watch(socket);
      hearBrowser(parts, browser);
      socket.once("close", () => {
        browsers.delete(browser);
        for (const cancel of browser.cancels.values()) cancel();
      });
    },

    /** Something about these machines has changed; those who see them are told soon. */
    changed(ids: Iterable<string>): void {
      for (const id of ids) changed.add(id);
      gathering ??= setTimeout(() => void tellChanges().catch(failed), GATHER_MS);
    },

    /** After notices were lost: everybody gets the list anew. */
    async refresh(): Promise<void> {
      for (const browser of browsers) if (browser.listens) await sendList(parts, browser);
    },

    /** Closes the sockets of sign-ins that ended; the others see what they may see now. */
    async lookAgain(userId?: string): Promise<void> {
      const some = [...browsers].filter(({ viewer }) => userId === undefined || viewer.userId === userId);
      const ids = some.flatMap(({ viewer }) => viewer.signInId ?? []);
      const current = new Map((await findStillSignedIn(db, ids)).map((viewer) => [viewer.signInId, viewer]));
      for (const browser of some) {
        const viewer = browser.viewer.signInId === null ? browser.viewer : current.get(browser.viewer.signInId);
        if (viewer) browser.viewer = viewer;
        else closeSocket(browser.socket, CLOSE.refused, "Signed out");
      }
    },

    get size() {
      return browsers.size;
    },
    close(): void {
      clearTimeout(gathering);
      for (const { socket } of browsers) closeSocket(socket, CLOSE.restarting, "The hub is restarting");
    },
  };
}

function hearBrowser(parts: BrowserSocketParts, browser: Browser): void {
  const { socket, send } = browser;
  const mayGoOn = createFramePace(FRAMES_PER_SECOND);
  socket.on("error", () => socket.terminate());
  socket.on("message", (data: RawData) => {
    if (!mayGoOn()) return closeSocket(socket, CLOSE.refused, "Too many frames");
    hear(parts, browser, rawBytes(data)).catch((error: unknown) => {
      parts.log.warn({ err: error }, "a frame of a browser could not be dealt with");
      send({ type: "error", message: "This could not be done now; try again" });
    });
  });
}

async function hear(parts: BrowserSocketParts, browser: Browser, data: Buffer): Promise<void> {
  const frame = parseFrame(data);
  if (!frame) return browser.send({ type: "error", message: "Invalid message format" });
  switch (frame.type) {
    case "ping":
      return browser.send({ type: "pong" });
    case "get_clients":
      browser.listens = true;
      return sendList(parts, browser);
    case "connect_client":
      return connect(parts, browser, frame.client_id);
    case "forward_to_client":
      return forward(parts, browser, frame);
  }
}

function parseFrame(data: Buffer): BrowserFrame | undefined {
  try {
    return BrowserFrame.safeParse(JSON.parse(data.toString("utf8"))).data;
  } catch {
    return undefined;
  }
}

async function sendList({ db, names }: BrowserSocketParts, { viewer, send }: Browser): Promise<void> {
  const rows = await listVisibleMachines(db, viewer, MAX_LISTED);
  send({ type: "client_list", clients: rows.map((row) => presentMachine(row, viewer.userId, names)) });
}

async function connect({ db, names }: BrowserSocketParts, { viewer, send }: Browser, id: string): Promise<void> {
  const machine = await findVisibleMachine(db, id, viewer);
  const answer = (success: boolean, message: string) =>
    send({ type: "connect_response", success, client_id: id, message, ...(success && { url: names.originOf(id) }) });
  if (!machine) return answer(false, "Client not found");
  if (machine.connectionId === null) return answer(false, "Client is offline (no active connection)");
  answer(true, `Connected to '${machine.hostname}'. Use forward_to_client to send commands.`);
}

type Forward = Extract<BrowserFrame, { type: "forward_to_client" }>;

async function forward(parts: BrowserSocketParts, browser: Browser, frame: Forward): Promise<void> {
  const { viewer, cancels, send } = browser;
  const { client_id: clientId, request_id: requestId, action, payload } = frame;
  const answer = (data: unknown, complete: boolean) =>
    send({ type: "forwarded_response", client_id: clientId, request_id: requestId, data, complete });
  const refuse = (message: string) => answer({ error: true, message }, true);

  if (action === "close" && cancels.has(requestId)) return cancels.get(requestId)?.();
  if (cancels.has(requestId)) return refuse("This request_id is under way already");
  if (cancels.size >= HUB_LIMITS.requestsPerBrowser) return refuse("Too many requests under way");
  const machine = await findVisibleMachine(parts.db, clientId, viewer);
  if (!machine) return refuse("Client not found");
  // Taken before the answer can come, so that the end of the request finds it.
  cancels.set(requestId, () => undefined);
  const cancel = await parts.ask({
    viewer,
    machine,
    action,
    payload,
    onChunk({ data, complete }) {
      if (complete) cancels.delete(requestId);
      answer(data, complete);
    },
  });
  if (!cancel) {
    cancels.delete(requestId);
    return refuse("Client is offline (no active connection)");
  }
  if (cancels.has(requestId)) cancels.set(requestId, cancel);
  // The browser went away while the machine was asked.
  if (browser.socket.readyState !== browser.socket.OPEN) cancel();
}
