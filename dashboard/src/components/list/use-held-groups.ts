import { useRef } from "react";
import type { SessionGroup } from "./use-session-lists.ts";

/**
 * While the pointer is over the list its rows stay where they are; only what they say changes. `asked` names what the
 * reader asked for (a search, one more page): when that changes, so does the list.
 */
export function useHeldGroups(groups: SessionGroup[], held: boolean, asked: string): SessionGroup[] {
  const shown = useRef({ groups, asked });
  if (!held || shown.current.asked !== asked || shown.current.groups.length === 0) {
    shown.current = { groups, asked };
    return groups;
  }
  const fresh = new Map(groups.flatMap((group) => group.sessions).map((session) => [session.sessionId, session]));
  return shown.current.groups
    .map((group) => ({ ...group, sessions: group.sessions.flatMap((session) => fresh.get(session.sessionId) ?? []) }))
    .filter((group) => group.sessions.length > 0);
}
