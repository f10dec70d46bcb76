import type { SystemStatus, Version } from "../contract/system.ts";
import { serverVersion, type Database } from "../db/database.ts";
import { startOfDay } from "../lib/calendar.ts";
import { VERSION } from "../lib/version.ts";
import { findSpending } from "../usage/spending-queries.ts";
import { findRunCounts } from "./worker-queries.ts";

export type StatusService = ReturnType<typeof createStatusService>;

interface Parts {
  db: Database;
  databaseKind: Version["database"]["kind"];
  workerId: string;
  slots: number;
  claude: {
    find: () => Promise<{ argv: readonly string[]; version: string; state: "tested" | "untested" | "unsupported" }>;
    pinned: string;
    floor: string;
  };
  /** What does not change while the process lives. */
  fixed: Pick<SystemStatus, "signIn" | "projectRoots" | "defaults">;
  publicUrl: () => string;
  hooksReceived: () => number;
  hubConnection: () => SystemStatus["hub"];
}

export function createStatusService(parts: Parts) {
  const { db, databaseKind, workerId, slots, claude, fixed, publicUrl, hooksReceived, hubConnection } = parts;

  /** A CLI that is missing is said, not thrown: the server works without one. */
  async function describeClaude(): Promise<Version["claude"]> {
    const install = await claude.find().catch(() => undefined);
    return {
      command: install?.argv.join(" ") ?? null,
      version: install?.version ?? null,
      pinned: claude.pinned,
      floor: claude.floor,
      state: install?.state ?? "missing",
    };
  }

  return {
    /** What runs here, in versions. */
    async version(): Promise<Version> {
      return {
        name: "claude-orchestrator",
        version: VERSION,
        node: process.versions.node,
        database: { kind: databaseKind, version: await serverVersion(db) },
        claude: await describeClaude(),
      };
    },

    async get(): Promise<SystemStatus> {
      const { busy, ...counts } = await findRunCounts(db, workerId);
      const dayStart = startOfDay(new Date());
      const { dayUsd } = await findSpending(db, { dayStart, monthStart: dayStart });
      return {
        workerId,
        slots: { busy, total: slots },
        ...counts,
        costTodayUsd: dayUsd,
        ...fixed,
        publicUrl: publicUrl(),
        claude: await describeClaude(),
        hooksReceived: hooksReceived(),
        hub: hubConnection(),
      };
    },
  };
}
