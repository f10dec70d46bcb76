/** What was looked up lately: at most `max` things, each for `ttlMs`; the one that was put in first goes first. */
export function createRecent<T>({ max, ttlMs }: { max: number; ttlMs: number }) {
  const entries = new Map<string, { value: T; until: number }>();

  return {
    get(key: string): T | undefined {
      const entry = entries.get(key);
      return entry && performance.now() < entry.until ? entry.value : undefined;
    },
    put(key: string, value: T): void {
      entries.delete(key);
      const [oldest] = entries.keys();
      if (entries.size >= max && oldest !== undefined) entries.delete(oldest);
      entries.set(key, { value, until: performance.now() + ttlMs });
    },
  };
}
