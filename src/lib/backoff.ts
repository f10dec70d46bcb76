/**
 * Milliseconds to wait before try number `attempt` (1 for the first retry): doubles each time up to `capMs`, then a
 * random point in the upper half of it, so that many waiters do not come back together.
 */
export function backoffMs(
  attempt: number,
  { baseMs, capMs }: { baseMs: number; capMs: number },
  random = Math.random,
): number {
  const full = Math.min(capMs, baseMs * 2 ** Math.max(0, attempt - 1));
  return Math.round(full / 2 + (random() * full) / 2);
}
