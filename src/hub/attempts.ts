import { AppError } from "../lib/errors.ts";

/** Keys remembered at most; the oldest is forgotten first. */
const MAX_KEYS = 20_000;

/** Counts attempts by key, an address or a user, in windows of a fixed length. */
export function createAttempts(
  { limit, windowMs }: { limit: number; windowMs: number },
  now: () => number = () => performance.now(),
) {
  const counts = new Map<string, { count: number; resetAt: number }>();

  function add(key: string): number {
    const known = counts.get(key);
    const entry = known && known.resetAt > now() ? known : { count: 0, resetAt: now() + windowMs };
    entry.count += 1;
    counts.delete(key);
    counts.set(key, entry);
    if (counts.size > MAX_KEYS) counts.delete(counts.keys().next().value ?? "");
    return entry.count;
  }

  return {
    /** Counts one more; false when that is too many. */
    allow: (key: string): boolean => add(key) <= limit,
    /** Whether another one would still be allowed. */
    isOpen(key: string): boolean {
      const entry = counts.get(key);
      return !entry || entry.resetAt <= now() || entry.count < limit;
    },
    /** Counts one more; throws "rate_limited" when that is too many. */
    check(key: string): void {
      if (add(key) > limit) throw new AppError("rate_limited", "Too many attempts; try again in a minute");
    },
  };
}
