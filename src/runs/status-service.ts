import type { SystemStatus, Version } from "../contract/system.ts";
import type { Database } from "../db/database.ts";
import { findRunCounts } from "./worker-queries.ts";

export type StatusService = ReturnType<typeof createStatusService>;

interface Parts {
  db: Database;
  workerId: string;
  slots: number;
  version: () => Promise<Version>;
  /** What does not change while the process lives. */
  fixed: Pick<SystemStatus, "signIn" | "projectRoots" | "defaults">;
  publicUrl: () => string;
  hooksReceived: () => number;
}

export function createStatusService({ db, workerId, slots, version, fixed, publicUrl, hooksReceived }: Parts) {
  return {
    version,
    async get(): Promise<SystemStatus> {
      const { busy, ...counts } = await findRunCounts(db, workerId);
      const { claude } = await version();
      return {
        workerId,
        slots: { busy, total: slots },
        ...counts,
        ...fixed,
        publicUrl: publicUrl(),
        claude,
        hooksReceived: hooksReceived(),
      };
    },
  };
}
