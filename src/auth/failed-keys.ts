import { AppError } from "../lib/errors.ts";

const WINDOW_MS = 60_000;
const MAX_FAILURES = 30;
/** Addresses remembered at most; the oldest is forgotten first. */
const MAX_ADDRESSES = 10_000;

export interface FailedKeys {
  /** Throws "rate_limited" while this address has guessed too often, unless this very key was right from there before. */
  check(address: string, keyName: string | undefined): void;
  failed(address: string): void;
  succeeded(address: string, keyName: string): void;
}

/**
 * Slows down guessing of keys. An address over the limit is refused even with a right key, or guessing would go on; a
 * client that has used its key from there before is not locked out by a neighbour with an old one.
 */
export function createFailedKeys(now: () => number = Date.now): FailedKeys {
  const failures = new Map<string, { count: number; resetAt: number }>();
  const proven = new Map<string, true>();
  const current = (address: string) => {
    const entry = failures.get(address);
    return entry && entry.resetAt > now() ? entry : undefined;
  };
  return {
    check(address, keyName) {
      if ((current(address)?.count ?? 0) < MAX_FAILURES) return;
      if (keyName !== undefined && proven.has(`${address} ${keyName}`)) return;
      throw new AppError("rate_limited", "Too many wrong API keys from this address; try again in a minute");
    },
    failed(address) {
      const entry = current(address) ?? { count: 0, resetAt: now() + WINDOW_MS };
      remember(failures, address, { ...entry, count: entry.count + 1 });
    },
    succeeded(address, keyName) {
      remember(proven, `${address} ${keyName}`, true);
    },
  };
}

function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > MAX_ADDRESSES) map.delete(map.keys().next().value ?? "");
}
