import type { Viewer } from "./viewer.ts";

interface Way {
  viewer: Viewer;
  machineId: string;
  end: () => void;
}
export type OpenWays = ReturnType<typeof createOpenWays>;

/** What people have open to machines right now, so that it ends with their sign-in or their right to it. */
export function createOpenWays() {
  const ways = new Set<Way>();
  return {
    /** Returns what takes it out again. */
    add(way: Way): () => void {
      ways.add(way);
      return () => void ways.delete(way);
    },
    of: (fits: (way: Way) => boolean): Way[] => [...ways].filter(fits),
    get size() {
      return ways.size;
    },
  };
}
