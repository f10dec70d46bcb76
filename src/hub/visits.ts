import type { Viewer } from "./viewer.ts";

/** How long a visitor is taken for let in without asking the database; notices shorten it. */
const REMEMBER_MS = 2_000;
const MAX_REMEMBERED = 5_000;

interface Visit {
  viewer: Viewer;
  machineId: string;
}
export type Visits = ReturnType<typeof createVisits>;

/** Who was let in to which machine just now: a page asks for a hundred files at once. */
export function createVisits(now: () => number = () => performance.now()) {
  const known = new Map<string, Visit & { until: number }>();

  return {
    find(key: string): Visit | undefined {
      const visit = known.get(key);
      return visit && visit.until > now() ? visit : undefined;
    },
    put(key: string, visit: Visit): void {
      known.delete(key);
      known.set(key, { ...visit, until: now() + REMEMBER_MS });
      if (known.size > MAX_REMEMBERED) known.delete(known.keys().next().value ?? "");
    },
    forget(fits: (visit: Visit) => boolean): void {
      for (const [key, visit] of known) if (fits(visit)) known.delete(key);
    },
  };
}
