/** How many calls a minute each tier takes, for each method and workspace. */
const TIERS = [0, 1, 20, 50, 100] as const;
const SPECIAL = 300;
const MINUTE_MS = 60_000;
/** Calls that leave a second apart may arrive a little closer. */
const JITTER_MS = 100;

const TIER_OF: Readonly<Record<string, 1 | 2 | 3 | 4>> = {
  "apps.connections.open": 1,
  "chat.update": 3,
  "chat.delete": 3,
  "chat.postEphemeral": 4,
  "chat.startStream": 2,
  "chat.appendStream": 4,
  "chat.stopStream": 2,
  "assistant.threads.setStatus": 3,
  "assistant.threads.setTitle": 2,
  "assistant.threads.setSuggestedPrompts": 2,
  "conversations.history": 3,
  "conversations.replies": 3,
  "conversations.info": 3,
  "conversations.open": 3,
  "conversations.join": 3,
  "conversations.members": 4,
  "files.getUploadURLExternal": 4,
  "files.completeUploadExternal": 4,
  "files.info": 4,
  "reactions.add": 3,
  "reactions.remove": 2,
  "reactions.get": 3,
  "users.info": 4,
  "bots.info": 3,
  "team.info": 3,
  "views.open": 4,
  "views.update": 4,
  "views.publish": 4,
  "auth.revoke": 3,
  "oauth.v2.access": 4,
};

/** What counts as a message in its channel: at most one a second. */
const MESSAGES = new Set(["chat.postMessage", "chat.update", "chat.startStream"]);

export interface LimitOptions {
  /** Least milliseconds between two messages or edits in one channel; 0 switches it off. */
  messageIntervalMs: number;
  /** Calls a minute of one method instead of its tier's. */
  perMinute: Readonly<Record<string, number>>;
}

/** Says for each call how many seconds it must wait, 0 for none; remembers who was told to wait. */
export function createLimits({ messageIntervalMs, perMinute }: LimitOptions) {
  const minutes = new Map<string, number[]>();
  const lastMessage = new Map<string, number>();
  const told = new Map<string, { at: number; until: number }>();

  function ofMinute(key: string, method: string, now: number): number {
    const tier = TIER_OF[method];
    const most = perMinute[method] ?? (tier === undefined ? SPECIAL : TIERS[tier]);
    const recent = (minutes.get(key) ?? []).filter((at) => at > now - MINUTE_MS);
    minutes.set(key, recent);
    const [oldest] = recent;
    if (oldest !== undefined && recent.length >= most) return Math.ceil((oldest + MINUTE_MS - now) / 1000);
    return 0;
  }

  function ofChannel(channelKey: string, method: string, now: number): number {
    if (!MESSAGES.has(method) || messageIntervalMs === 0) return 0;
    const last = lastMessage.get(channelKey) ?? 0;
    return now - last < messageIntervalMs - JITTER_MS ? Math.ceil(messageIntervalMs / 1000) : 0;
  }

  return {
    check(team: string, method: string, channel: string): number {
      const now = Date.now();
      const key = `${team} ${method}`;
      const wait = Math.max(ofMinute(key, method, now), ofChannel(`${team} ${channel}`, method, now));
      if (wait > 0) return wait;
      minutes.get(key)?.push(now);
      return 0;
    },

    /** A call did what it asked for: only then it counts as a message. */
    took(team: string, method: string, channel: string): void {
      if (MESSAGES.has(method)) lastMessage.set(`${team} ${channel}`, Date.now());
    },

    /** Somebody was answered 429 with this Retry-After. */
    tell(key: string, seconds: number): void {
      const now = Date.now();
      const before = told.get(key);
      const at = before && before.until > now ? before.at : now;
      told.set(key, { at, until: now + seconds * 1000 });
    },

    /** Milliseconds that a call came before the time it was told to wait for; what was under way already is let pass. */
    tooEarly(key: string): number {
      const now = Date.now();
      const wait = told.get(key);
      if (!wait || now - wait.at < JITTER_MS) return 0;
      return Math.max(0, wait.until - JITTER_MS - now);
    },
  };
}
