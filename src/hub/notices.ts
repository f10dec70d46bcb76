import type { Database } from "../db/database.ts";
import type { Listener } from "../db/notify.ts";
import type { Logger } from "../lib/logger.ts";
import type { BrowserSockets } from "./browser-sockets.ts";
import { CLOSE } from "./close-codes.ts";
import type { MachineLinks } from "./machine-links.ts";
import { COMMAND_CHANNEL, findMachines, MACHINE_CHANNEL } from "./machine-queries.ts";
import type { OpenWays } from "./open-ways.ts";
import { PENDING_CHANNEL } from "./pending-queries.ts";
import type { PendingSockets } from "./pending-sockets.ts";
import { isShownTo } from "./present-machine.ts";
import { findDeadTokens } from "./token-queries.ts";
import { findEndedSignIns, USER_CHANNEL } from "./user-queries.ts";

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
}

/** What any process of the hub tells all of them, and what this one does about it for the sockets it holds. */
export async function hearNotices({ db, log, listener, links, browsers, pending, ways }: NoticeParts): Promise<void> {
  const attempt = (work: Promise<unknown>): void =>
    void work.catch((error: unknown) => log.warn({ err: error }, "a notice of the hub could not be followed"));

  /** A socket whose machine another socket speaks for now, here or at another process. */
  async function dropReplaced(ids: readonly string[]): Promise<void> {
    const held = ids.filter((id) => links.get(id));
    const rows = new Map((await findMachines(db, held)).map(({ id, connectionId }) => [id, connectionId]));
    for (const id of held) {
      const link = links.get(id);
      if (link && rows.get(id) !== link.connectionId) link.replaced();
    }
  }

  async function dropRevoked(userId: string | undefined): Promise<void> {
    const held = [...links.all()].filter((link) => userId === undefined || link.userId === userId);
    const dead = new Set(await findDeadTokens(db, [...new Set(held.map(({ tokenId }) => tokenId))]));
    for (const link of held) if (dead.has(link.tokenId)) link.close(CLOSE.refused, "Token revoked");
  }

  /** What is open to a machine for somebody whose sign-in has ended, or who may no longer see it. */
  async function dropWays(userId: string): Promise<void> {
    const theirs = ways.of(({ viewer }) => viewer.userId === userId);
    const ended = await findEndedSignIns(
      db,
      theirs.flatMap(({ viewer }) => viewer.signInId ?? []),
    );
    for (const { viewer, end } of theirs) if (ended.includes(viewer.signInId ?? "")) end();
  }

  async function dropForeign(machineId: string): Promise<void> {
    const open = ways.of((way) => way.machineId === machineId);
    if (open.length === 0) return;
    const [row] = await findMachines(db, [machineId]);
    for (const { viewer, end } of open) if (!row || !isShownTo(row, viewer)) end();
  }

  function command(payload: string): void {
    const [id = "", text = ""] = payload.split(" ", 2);
    const link = links.get(id);
    link?.send({ type: "command", command: text });
    if (text !== "disconnect") return;
    setTimeout(() => link?.close(CLOSE.meant, "Disconnected by user"), AWAY_MS).unref();
  }

  await listener.listen(MACHINE_CHANNEL, (id) => {
    browsers.changed([id]);
    if (links.get(id)) attempt(dropReplaced([id]));
    attempt(dropForeign(id));
  });
  await listener.listen(USER_CHANNEL, (userId) => {
    attempt(dropRevoked(userId));
    attempt(browsers.dropEnded(userId));
    attempt(dropWays(userId));
  });
  await listener.listen(COMMAND_CHANNEL, command);
  await listener.listen(PENDING_CHANNEL, (id) => attempt(pending.claimed(id)));
  listener.onResync(() => {
    attempt(browsers.refresh());
    attempt(dropRevoked(undefined));
    attempt(dropReplaced([...links.all()].map(({ machineId }) => machineId)));
  });
}
