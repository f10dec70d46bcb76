import { useSyncExternalStore } from "react";
import { stored } from "./stored.ts";

const KEY = "seen-sessions";
const SINCE = "seen-since";
const MOST = 1_000;

function read(): Map<string, number> {
  try {
    return new Map(JSON.parse(stored.get(KEY) ?? "[]") as [string, number][]);
  } catch {
    return new Map();
  }
}

let seen: ReadonlyMap<string, number> = read();
const since = stored.get(SINCE) ?? new Date().toISOString();
stored.set(SINCE, since);
const listeners = new Set<() => void>();

/** Remembers how far a session has been read. */
export function markSeen(sessionId: string, seq: number): void {
  if ((seen.get(sessionId) ?? -1) >= seq) return;
  const next = new Map(seen);
  next.delete(sessionId);
  next.set(sessionId, seq);
  if (next.size > MOST) next.delete(next.keys().next().value ?? "");
  seen = next;
  stored.set(KEY, JSON.stringify([...next]));
  for (const tell of listeners) tell();
}

function subscribe(tell: () => void): () => void {
  listeners.add(tell);
  return () => listeners.delete(tell);
}

/** Whether a session has something new since it was last on screen here. What is older than this browser's first visit is read. */
export function useUnread(session: { sessionId: string; lastSeq: number; updatedAt: string }): boolean {
  const upTo = useSyncExternalStore(subscribe, () => seen.get(session.sessionId));
  return upTo === undefined ? session.updatedAt > since : session.lastSeq > upTo;
}
