const EVERY_MS = 700;
/** What costs the server more, or changes with every event of every session, is read again less often. */
const SLOWER_MS: Record<string, number> = { diff: 3_000, sessions: 2_000 };
const ONE_SESSION_MS = 1_000;

function pause([part = "", what]: readonly string[]): number {
  if (part === "sessions" && what === "one") return ONE_SESSION_MS;
  return SLOWER_MS[part] ?? EVERY_MS;
}

/** Passes requests to read something again on, each at most once in a while: the first at once, the last for sure. */
export function createRefresher(refresh: (key: readonly string[]) => void) {
  /** Keys that rest; true when they were asked for meanwhile. */
  const resting = new Map<string, { asked: boolean; timer: ReturnType<typeof setTimeout> }>();
  function pass(key: readonly string[], name: string): void {
    const timer = setTimeout(() => {
      const { asked } = resting.get(name) ?? { asked: false };
      resting.delete(name);
      if (asked) pass(key, name);
    }, pause(key));
    resting.set(name, { asked: false, timer });
    refresh(key);
  }
  return {
    ask(key: readonly string[]): void {
      const name = key.join("\n");
      const rest = resting.get(name);
      if (rest) rest.asked = true;
      else pass(key, name);
    },
    end(): void {
      for (const { timer } of resting.values()) clearTimeout(timer);
      resting.clear();
    },
  };
}
