import type { InfiniteData, QueryClient } from "@tanstack/react-query";
import { CommandLog } from "../../../src/contract/command-log.ts";
import { SessionEvent } from "../../../src/contract/event.ts";
import { Message } from "../../../src/contract/message.ts";
import { Run } from "../../../src/contract/run.ts";
import { apiUrl } from "./base.ts";
import { isTold, mergeEvents } from "./events.ts";
import { feedState, pulse } from "./feed-state.ts";
import { createRefresher } from "./refresher.ts";

const REOPEN_MS = 3_000;
interface Items<T> {
  items: T[];
  nextCursor: string | null;
}

/** Puts one entry into a cached list: in place of its older self, else first. False when there is no list yet. */
function upsert<T>(client: QueryClient, key: readonly string[], item: T, same: (other: T) => boolean): boolean {
  const known = client.getQueryData<InfiniteData<Items<T>>>(key);
  if (!known?.pages[0]) return false;
  const there = known.pages.some((page) => page.items.some(same));
  client.setQueryData<InfiniteData<Items<T>>>(key, {
    ...known,
    pages: known.pages.map((page, index) => ({
      ...page,
      items: there ? page.items.map((other) => (same(other) ? item : other)) : index === 0 ? [item, ...page.items] : page.items,
    })),
  });
  return true;
}

/** What an event carries goes straight into the cache; what it only names is read again, at most a few times a second. */
export function applyEvent(client: QueryClient, event: SessionEvent, refresh: (key: readonly string[]) => void): void {
  const id = event.sessionId;
  pulse.beat(id, Date.now());
  if (isTold(event)) {
    client.setQueryData<SessionEvent[]>(["events", id], (known) => (known ? mergeEvents(known, [event]) : known));
    if (event.type === "text") return;
  }
  if (event.type === "tool") {
    const log = CommandLog.safeParse(event.data);
    if (!log.success || !upsert(client, ["logs", id], log.data, (other) => other.logId === log.data.logId)) refresh(["logs", id]);
    if (log.success && log.data.status !== "running") refresh(["diff", id]);
  } else if (event.type === "message") {
    const message = Message.safeParse(event.data);
    if (!message.success || !upsert(client, ["messages", id], message.data, (other) => other.messageId === message.data.messageId))
      refresh(["messages", id]);
  } else if (event.type === "run") {
    const run = Run.safeParse(event.data);
    if (!run.success || !upsert(client, ["runs", id], run.data, (other) => other.runId === run.data.runId)) refresh(["runs", id]);
    for (const key of [["messages", id], ["diff", id], ["status"]]) refresh(key);
  }
  refresh(["sessions", "one", id]);
  refresh(["sessions", "list"]);
}

function read(text: string): SessionEvent | undefined {
  try {
    return SessionEvent.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** Opens the tab's one feed and keeps it open. Returns its end. */
export function openFeed(client: QueryClient): () => void {
  const refresher = createRefresher((key) => void client.invalidateQueries({ queryKey: [...key] }));
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let ended = false;
  const reload = () => void client.invalidateQueries();
  const open = () => {
    if (ended) return;
    source = new EventSource(apiUrl("/api/events"));
    source.addEventListener("open", () => {
      // What was missed while it was down may be more than the server replays.
      if (feedState.get().kind !== "connecting") reload();
      feedState.stream(true);
    });
    source.addEventListener("event", ({ data }: MessageEvent<string>) => {
      const event = read(data);
      if (event) applyEvent(client, event, refresher.ask);
    });
    source.addEventListener("resync", reload);
    source.addEventListener("error", () => {
      feedState.stream(false);
      if (source?.readyState !== EventSource.CLOSED) return;
      clearTimeout(timer);
      timer = setTimeout(open, REOPEN_MS);
    });
  };
  open();
  return () => {
    ended = true;
    clearTimeout(timer);
    refresher.end();
    source?.close();
  };
}
