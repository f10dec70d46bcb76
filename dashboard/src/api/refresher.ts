const EVERY_MS = 700;

/** Gathers requests to read something again and passes each on at most once in a while, the first of a burst at once. */
export function createRefresher(refresh: (key: readonly string[]) => void) {
  const asked = new Map<string, readonly string[]>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = () => {
    timer = asked.size > 0 ? setTimeout(flush, EVERY_MS) : undefined;
    for (const key of asked.values()) refresh(key);
    asked.clear();
  };
  return {
    ask(key: readonly string[]): void {
      asked.set(key.join("\n"), key);
      timer ??= setTimeout(flush, 0);
    },
    end: (): void => clearTimeout(timer),
  };
}
