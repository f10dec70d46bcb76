import type { WebSocket } from "ws";
import { startRepeating } from "../lib/repeat.ts";
import { createAskAnywhere } from "./ask-elsewhere.ts";
import { type AskMachine, createAskMachine } from "./ask-machine.ts";
import { type BrowserSockets, createBrowserSockets } from "./browser-sockets.ts";
import { CLOSE } from "./close-codes.ts";
import type { HubNames } from "./hub-names.ts";
import { createHubSecrets, type HubSecrets } from "./hub-secrets.ts";
import type { HubParts } from "./hub.ts";
import { type Liveness, startLiveness } from "./liveness.ts";
import { createTimeline, type Timeline } from "./machine-events.ts";
import { createMachineLinks, type MachineLinks } from "./machine-links.ts";
import { releaseMachines, touchMachines } from "./machine-queries.ts";
import { acceptMachine, type MachineSocketParts } from "./machine-socket.ts";
import { hearNotices } from "./notices.ts";
import { createOpenWays, type OpenWays } from "./open-ways.ts";
import { createPendingSockets, type PendingSockets } from "./pending-sockets.ts";
import { startRecheck } from "./recheck.ts";
import { ensureLocalUser } from "./user-queries.ts";
import type { Viewer } from "./viewer.ts";
import { createVisits, type Visits } from "./visits.ts";
import { createWhoLooks, type WhoLooks } from "./who-looks.ts";

const TOUCH_MS = 30_000;

export interface HubCore extends HubParts, AsyncDisposable {
  names: HubNames;
  secrets: HubSecrets;
  /** Of a hub that asks nobody to sign in. */
  local: Viewer | undefined;
  who: WhoLooks;
  liveness: Liveness;
  timeline: Timeline;
  links: MachineLinks;
  /** Machines that are connected to this process. */
  askHere: AskMachine;
  browsers: BrowserSockets;
  pending: PendingSockets;
  ways: OpenWays;
  visits: Visits;
  acceptMachine: (socket: WebSocket, token: { id: string; userId: string }) => void;
}

/** The sockets of this process, and what it hears from the others. Disposing closes them all. */
export async function createHubCore(given: HubParts & { names: HubNames }): Promise<HubCore> {
  const { config, db, log, listener, names, processId, tell } = given;
  await using parts = new AsyncDisposableStack();
  const secrets = createHubSecrets(given.secret);
  const local = config.github ? undefined : await ensureLocalUser(db);
  const liveness = parts.use(startLiveness());
  const timeline = createTimeline({ db, log });
  const links = createMachineLinks();
  const who = createWhoLooks({ db, names, local });
  const askHere = createAskMachine({ links, secrets, timeline });
  const ask = createAskAnywhere({ db, secrets }, askHere);
  const browsers = createBrowserSockets({ db, log, names, liveness, ask });
  const pending = createPendingSockets({ db, log, processId, liveness });
  const ways = createOpenWays();
  const sockets = createMachineSockets({ db, log, processId, secrets, links, liveness, timeline, tell });
  const visits = createVisits();
  const notices = await hearNotices({ db, log, listener, links, browsers, pending, ways, visits });
  parts.use(
    startRepeating(
      async () => {
        const ids = [...links.all()].map(({ machineId }) => machineId);
        await touchMachines(db, ids);
        await notices.sweep();
      },
      {
        intervalMs: TOUCH_MS,
        onError: (error) => log.warn({ err: error }, "the sockets of the hub were not looked at; trying again"),
      },
    ),
  );
  const { github, allowed } = config;
  if (github) parts.use(startRecheck({ db, log, secrets, github, allowed }));
  parts.use(sockets);
  parts.defer(() => {
    browsers.close();
    pending.close();
  });
  const kept = parts.move();

  return {
    ...given,
    secrets,
    local,
    who,
    liveness,
    timeline,
    links,
    askHere,
    browsers,
    pending,
    ways,
    visits,
    acceptMachine: sockets.accept,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** The sockets of this process's machines. Disposing sends them away, to come back when a hub is there again. */
function createMachineSockets(parts: Omit<MachineSocketParts, "isStopping">) {
  const { db, processId, links, tell } = parts;
  const leaving = new Set<Promise<void>>();
  let isStopping = false;
  return {
    accept(socket: WebSocket, token: { id: string; userId: string }): void {
      const left = acceptMachine({ ...parts, isStopping: () => isStopping }, socket, token);
      leaving.add(left);
      void left.finally(() => leaving.delete(left));
    },
    async [Symbol.asyncDispose](): Promise<void> {
      isStopping = true;
      for (const link of links.all()) link.close(CLOSE.restarting, "The hub is restarting");
      await Promise.allSettled(leaving);
      // All at once, not each by itself: thousands would take longer than a stop may.
      await releaseMachines(db, processId, tell);
    },
  };
}
