/** Enough for every conversation that is on; who was not heard of for long is looked up again. */
const MAX_REMEMBERED = 10_000;
/** Lookups under way at one time; each may take a database connection. */
const MAX_LOOKUPS = 2_000;

export interface SessionCache {
  /** The session of a Claude id; undefined when too many lookups are under way. */
  find(claudeSessionId: string, lookUp: () => Promise<string>): Promise<string> | undefined;
  forget(claudeSessionId: string): void;
}

/** Remembers which session a Claude id belongs to. Hooks that come together for a new one wait for one lookup. */
export function createSessionCache(maxRemembered = MAX_REMEMBERED): SessionCache {
  const known = new Map<string, string>();
  const lookups = new Map<string, Promise<string>>();

  function remember(claudeSessionId: string, sessionId: string): void {
    known.delete(claudeSessionId);
    known.set(claudeSessionId, sessionId);
    const oldest = known.keys().next();
    if (known.size > maxRemembered && !oldest.done) known.delete(oldest.value);
  }

  async function ask(claudeSessionId: string, lookUp: () => Promise<string>): Promise<string> {
    try {
      const sessionId = await lookUp();
      remember(claudeSessionId, sessionId);
      return sessionId;
    } finally {
      lookups.delete(claudeSessionId);
    }
  }

  return {
    find(claudeSessionId, lookUp) {
      const sessionId = known.get(claudeSessionId);
      if (sessionId !== undefined) {
        remember(claudeSessionId, sessionId);
        return Promise.resolve(sessionId);
      }
      const asked = lookups.get(claudeSessionId);
      if (asked) return asked;
      if (lookups.size >= MAX_LOOKUPS) return undefined;
      const answer = ask(claudeSessionId, lookUp);
      lookups.set(claudeSessionId, answer);
      return answer;
    },
    forget: (claudeSessionId) => void known.delete(claudeSessionId),
  };
}
