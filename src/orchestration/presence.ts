import type { Database } from "../db/database.ts";
import type { Logger } from "../lib/logger.ts";
import { startRepeating } from "../lib/repeat.ts";
import { touchWatched } from "./workspace-queries.ts";

export type Presence = ReturnType<typeof openPresence>;

const RENEWAL_MS = 15_000;

/** Workspaces that the sockets of one process watch. Their ids are anybody's text, and need not exist. */
const MAX_WATCHED = 10_000;

/**
 * Which workspaces have a socket at this process. The ledger is told until when they count as watched: a while after the
 * last one closed, or after this process died.
 */
export function openPresence({ db, log, graceSeconds }: { db: Database; log: Logger; graceSeconds: number }) {
  const sockets = new Map<string, number>();

  const touch = (workspaceIds: readonly string[]): Promise<void> =>
    touchWatched(db, workspaceIds, graceSeconds).catch((error: unknown) => {
      log.debug({ err: error }, "watched workspaces could not be renewed; the next turn does it");
    });

  const renewing = startRepeating(() => touch([...sockets.keys()]), { intervalMs: RENEWAL_MS, onError: () => {} });

  return {
    /** Once for each socket; false when this process watches as many as it may. */
    joined(workspaceId: string): boolean {
      const before = sockets.get(workspaceId) ?? 0;
      if (before === 0 && sockets.size >= MAX_WATCHED) return false;
      sockets.set(workspaceId, before + 1);
      if (before === 0) void touch([workspaceId]);
      return true;
    },
    /** Resolves when the ledger knows. */
    async left(workspaceId: string): Promise<void> {
      const rest = (sockets.get(workspaceId) ?? 1) - 1;
      if (rest > 0) sockets.set(workspaceId, rest);
      else sockets.delete(workspaceId);
      // From here on it is a while until nobody counts as watching.
      if (rest <= 0) await touch([workspaceId]);
    },
    async [Symbol.asyncDispose](): Promise<void> {
      await renewing[Symbol.asyncDispose]();
      await touch([...sockets.keys()]);
    },
  };
}
