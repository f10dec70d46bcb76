import { useMatch, useNavigate, useSearchParams } from "react-router";
import { useKeys } from "../../lib/keys.ts";
import { listPart } from "../../lib/search-words.ts";
import { useSessionLists } from "./use-session-lists.ts";

const KEPT = ["tab", "wide"];

/** The address of a session as seen from here: the same search, the same tab. */
export function useSessionPath(): (id: string) => string {
  const [params] = useSearchParams();
  const kept = new URLSearchParams(listPart(params));
  for (const name of KEPT) if (params.has(name)) kept.set(name, params.get(name) ?? "");
  const search = kept.size > 0 ? `?${kept}` : "";
  return (id) => `/sessions/${id}${search}`;
}

/** Moves the choice up and down the list, also where the list is not on screen; Enter on a row is the browser's own. */
export function useListKeys(): void {
  const navigate = useNavigate();
  const pathTo = useSessionPath();
  const { groups } = useSessionLists();
  const selected = useMatch("/sessions/:id")?.params.id;
  const step = (by: number) => {
    const ids = groups.flatMap((group) => group.sessions.map((session) => session.sessionId));
    const next = ids[selected ? ids.indexOf(selected) + by : by > 0 ? 0 : ids.length - 1];
    if (!next) return;
    void navigate(pathTo(next));
    document.querySelector(`[data-session="${next}"]`)?.scrollIntoView({ block: "nearest" });
  };
  useKeys({ j: () => step(1), k: () => step(-1) });
}
