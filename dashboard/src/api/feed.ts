import type { QueryClient } from "@tanstack/react-query";
import { type EventType, SessionEvent } from "../../../src/contract/event.ts";
import { apiUrl } from "./base.ts";
import { isTold, mergeEvents } from "./events.ts";
import { feedState, pulse } from "./feed-state.ts";
import { readNewestLogs } from "./logs.ts";
import { createRefresher } from "./refresher.ts";

const REOPEN_MS = 3_000;

/** What an event makes stale beside the session itself. */
const STALE: Partial<Record<EventType, readonly string[]>> = {
  tool: ["logs", "diff"],
  message: ["messages", "threads"],
  run: ["runs", "messages", "diff", "status"],
  workspace: ["diff"],
  delivery: ["deliveries"],
};

/** Told events go straight into the cache; what an event only names is read again, at most a few times a second. */
export function applyEvent(client: QueryClient, event: SessionEvent, refresh: (key: readonly string[]) => void): void {
  const id = event.sessionId;
  pulse.beat(id, Date.now());
  if (isTold(event)) {
    client.setQueryData<SessionEvent[]>(["events", id], (known) => (known ? mergeEvents(known, [event]) : known));
  }
  if (event.type === "text") return;
  for (const part of STALE[event.type] ?? []) refresh(part === "status" ? ["status"] : [part, id]);
  refresh(["sessions", "one", id]);
  refresh(["sessions", "list"]);
}

/** Reads again what is stale; of tool calls, whose results are long, only the newest. */
async function readAgain(client: QueryClient, key: readonly string[]): Promise<void> {
  const [part, id = ""] = key;
  const merged = part === "logs" && (await readNewestLogs(client, id).catch(() => false));
  if (!merged) await client.invalidateQueries({ queryKey: [...key] });
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
  const refresher = createRefresher((key) => void readAgain(client, key));
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
