import type { Database } from "../db/database.ts";
import { CLOSE } from "./close-codes.ts";
import type { MachineLinks } from "./machine-links.ts";
import { findMachines } from "./machine-queries.ts";
import type { OpenWays } from "./open-ways.ts";
import { isShownTo } from "./present-machine.ts";
import { findDeadTokens } from "./token-queries.ts";
import { findStillSignedIn } from "./user-queries.ts";

/** Ends what is open at this process and no longer may be. */
export function createUpkeep({ db, links, ways }: { db: Database; links: MachineLinks; ways: OpenWays }) {
  /** A socket whose machine another socket speaks for now, here or at another process. */
  async function dropReplaced(ids: readonly string[]): Promise<void> {
    const held = ids.filter((id) => links.get(id));
    const rows = new Map((await findMachines(db, held)).map(({ id, connectionId }) => [id, connectionId]));
    for (const id of held) {
      const link = links.get(id);
      if (link && rows.get(id) !== link.connectionId) link.replaced();
    }
  }

  async function dropRevoked(userId?: string): Promise<void> {
    const held = [...links.all()].filter((link) => userId === undefined || link.userId === userId);
    const dead = new Set(await findDeadTokens(db, [...new Set(held.map(({ tokenId }) => tokenId))]));
    for (const link of held) if (dead.has(link.tokenId)) link.close(CLOSE.refused, "Token revoked");
  }

  /** What is open to a machine for somebody whose sign-in has ended, or who may no longer see it. */
  async function dropWays(userId?: string): Promise<void> {
    const some = ways.of(({ viewer }) => userId === undefined || viewer.userId === userId);
    const ids = some.flatMap(({ viewer }) => viewer.signInId ?? []);
    const current = new Map((await findStillSignedIn(db, ids)).map((viewer) => [viewer.signInId, viewer]));
    const rows = new Map(
      (
        await findMachines(
          db,
          some.map(({ machineId }) => machineId),
        )
      ).map((row) => [row.id, row]),
    );
    for (const { viewer, machineId, end } of some) {
      const now = viewer.signInId === null ? viewer : current.get(viewer.signInId);
      const row = rows.get(machineId);
      if (!now || !row || !isShownTo(row, now)) end();
    }
  }

  async function dropForeign(machineId: string): Promise<void> {
    const open = ways.of((way) => way.machineId === machineId);
    if (open.length === 0) return;
    const [row] = await findMachines(db, [machineId]);
    for (const { viewer, end } of open) if (!row || !isShownTo(row, viewer)) end();
  }

  return { dropReplaced, dropRevoked, dropWays, dropForeign };
}
