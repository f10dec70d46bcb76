import { useState } from "react";
import type { SessionGroup } from "./use-session-lists.ts";

/**
 * While the pointer is over the list its rows stay where they are; only what they say changes. `asked` names what the
 * reader asked for (a search, one more page): when that changes, so does the list.
 */
export function useHeldGroups(groups: SessionGroup[], held: boolean, asked: string): SessionGroup[] {
  const [kept, keep] = useState({ groups, asked });
  const holds = held && kept.asked === asked && kept.groups.length > 0;
  if (!holds && (kept.groups !== groups || kept.asked !== asked)) keep({ groups, asked });
  if (!holds) return groups;
  const fresh = new Map(groups.flatMap((group) => group.sessions).map((session) => [session.sessionId, session]));
  return kept.groups
    .map((group) => ({ ...group, sessions: group.sessions.flatMap((session) => fresh.get(session.sessionId) ?? []) }))
    .filter((group) => group.sessions.length > 0);
}
