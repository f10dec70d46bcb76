import { AppError } from "../lib/errors.ts";
import { HUB_LIMITS } from "./limits.ts";
import type { Viewer } from "./viewer.ts";

interface Way {
  viewer: Viewer;
  machineId: string;
  end: () => void;
}
export type OpenWays = ReturnType<typeof createOpenWays>;

/** What people have open to machines right now, so that it ends with their sign-in or their right to it. */
export function createOpenWays(perUser: number = HUB_LIMITS.waysPerUser) {
  const ways = new Set<Way>();
  const counts = new Map<string, number>();

  function count({ viewer: { userId } }: Way, change: number): void {
    const now = (counts.get(userId) ?? 0) + change;
    if (now > 0) counts.set(userId, now);
    else counts.delete(userId);
  }

  return {
    /** Returns what takes it out again. Throws "rate_limited" for who has too much open: each holds some memory. */
    add(way: Way): () => void {
      if ((counts.get(way.viewer.userId) ?? 0) >= perUser)
        throw new AppError("rate_limited", "You have too much open at machines");
      ways.add(way);
      count(way, 1);
      return () => {
        if (ways.delete(way)) count(way, -1);
      };
    },
    of: (fits: (way: Way) => boolean): Way[] => [...ways].filter(fits),
    get size() {
      return ways.size;
    },
  };
}
