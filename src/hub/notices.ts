import type { Database } from "../db/database.ts";
import type { Listener } from "../db/notify.ts";
import type { Logger } from "../lib/logger.ts";
import type { BrowserSockets } from "./browser-sockets.ts";
import { CLOSE } from "./close-codes.ts";
import type { MachineLinks } from "./machine-links.ts";
import { COMMAND_CHANNEL, MACHINE_CHANNEL, TOTALS_CHANNEL } from "./machine-queries.ts";
import type { OpenWays } from "./open-ways.ts";
import { PENDING_CHANNEL } from "./pending-queries.ts";
import type { PendingSockets } from "./pending-sockets.ts";
import { createUpkeep } from "./upkeep.ts";
import { USER_CHANNEL } from "./user-queries.ts";
import type { Visits } from "./visits.ts";

/** After the machine was told to stay away it closes by itself; this is for one that does not. */
const AWAY_MS = 2_000;

export interface NoticeParts {
  db: Database;
  log: Logger;
  listener: Listener;
  links: MachineLinks;
  browsers: BrowserSockets;
  pending: PendingSockets;
  ways: OpenWays;
  visits: Visits;
}

/** What any process of the hub tells all of them, and what this one does about it for the sockets it holds. */
export async function hearNotices({ db, log, listener, links, browsers, pending, ways, visits }: NoticeParts) {
  const { dropReplaced, dropRevoked, dropWays, dropForeign } = createUpkeep({ db, links, ways });
  const attempt = (work: Promise<unknown>): void =>
    void work.catch((error: unknown) => log.warn({ err: error }, "a notice of the hub could not be followed"));

  function command(payload: string): void {
    const [id = "", text = ""] = payload.split(" ", 2);
    const link = links.get(id);
    link?.send({ type: "command", command: text });
    if (text !== "disconnect") return;
    setTimeout(() => link?.close(CLOSE.meant, "Disconnected by user"), AWAY_MS).unref();
  }

  await listener.listen(MACHINE_CHANNEL, (id) => {
    visits.forget(({ machineId }) => machineId === id);
    browsers.changed([id]);
    if (links.get(id)) attempt(dropReplaced([id]));
    attempt(dropForeign(id));
  });
  await listener.listen(TOTALS_CHANNEL, (id) => browsers.changed([id]));
  await listener.listen(USER_CHANNEL, (userId) => {
    visits.forget(({ viewer }) => viewer.userId === userId);
    attempt(dropRevoked(userId));
    attempt(browsers.lookAgain(userId));
    attempt(dropWays(userId));
  });
  await listener.listen(COMMAND_CHANNEL, command);
  await listener.listen(PENDING_CHANNEL, (id) => attempt(pending.claimed(id)));
  listener.onResync(() => {
    visits.forget(() => true);
    attempt(browsers.refresh());
    attempt(dropRevoked());
    attempt(dropReplaced([...links.all()].map(({ machineId }) => machineId)));
  });

  return {
    /** What ends by time alone, or changed without a notice: tokens, sign-ins, memberships. */
    async sweep(): Promise<void> {
      await dropRevoked();
      await browsers.lookAgain();
      await dropWays();
    },
  };
}
