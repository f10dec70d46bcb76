import { useRef } from "react";
import type { SessionGroup } from "./use-session-lists.ts";

/** While the pointer is over the list its rows stay where they are; only what they say changes. */
export function useHeldGroups(groups: SessionGroup[], held: boolean): SessionGroup[] {
  const shown = useRef(groups);
  if (!held || shown.current.length === 0) {
    shown.current = groups;
    return groups;
  }
  const fresh = new Map(groups.flatMap((group) => group.sessions).map((session) => [session.sessionId, session]));
  return shown.current
    .map((group) => ({ ...group, sessions: group.sessions.flatMap((session) => fresh.get(session.sessionId) ?? []) }))
    .filter((group) => group.sessions.length > 0);
}
