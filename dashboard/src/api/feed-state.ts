/** How the console hears of changes: the feed, polling without it, or not at all. */
export type FeedState = { kind: "connecting" | "live" | "polling" | "gone"; since: number };

let state: FeedState = { kind: "connecting", since: Date.now() };
let streaming = false;
let pulses: ReadonlyMap<string, number> = new Map();
const listeners = new Set<() => void>();
const tell = () => {
  for (const listener of listeners) listener();
};
const MOST_PULSES = 500;

export const feedState = {
  get: (): FeedState => state,
  set(kind: FeedState["kind"]): void {
    if (state.kind === kind) return;
    state = { kind, since: Date.now() };
    tell();
  },
  /** The stream opened or broke. */
  stream(open: boolean): void {
    streaming = open;
    if (open) this.set("live");
    else if (state.kind !== "gone") this.set("polling");
  },
  /** The server answered a request: it is back, if it was gone. */
  answered(): void {
    if (state.kind === "gone") this.set(streaming ? "live" : "polling");
  },
  /** As before the first connection, for another console in the same process. */
  reset(): void {
    streaming = false;
    pulses = new Map();
    this.set("connecting");
  },
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};

/** When each session was last heard of in this tab. */
export const pulse = {
  get: (sessionId: string): number | undefined => pulses.get(sessionId),
  beat(sessionId: string, at: number): void {
    const next = new Map(pulses);
    next.delete(sessionId);
    next.set(sessionId, at);
    if (next.size > MOST_PULSES) next.delete(next.keys().next().value ?? "");
    pulses = next;
    tell();
  },
};
