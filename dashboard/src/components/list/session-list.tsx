import { useState } from "react";
import { useMatch, useNavigate, useSearchParams } from "react-router";
import { useKeys } from "../../lib/keys.ts";
import { usePanes } from "../../lib/panes.ts";
import { listPart } from "../../lib/search-words.ts";
import { useLayout } from "../../lib/use-layout.ts";
import { Button } from "../button.tsx";
import { ListEmpty, ListError, ListSkeleton, NothingFound } from "./list-states.tsx";
import { SearchField } from "./search-field.tsx";
import { SessionRow } from "./session-row.tsx";
import { useHeldGroups } from "./use-held-groups.ts";
import { isFiltered, type SessionGroup, useSessionLists } from "./use-session-lists.ts";
import classes from "./session-list.module.css";

/** Moves the choice up and down the rows as they stand on screen; Enter on a row is the browser's own. */
function useListKeys(groups: SessionGroup[], selected: string | undefined, pathTo: (id: string) => string): void {
  const navigate = useNavigate();
  const step = (by: number) => {
    const ids = groups.flatMap((group) => group.sessions.map((session) => session.sessionId));
    const next = ids[selected ? ids.indexOf(selected) + by : by > 0 ? 0 : ids.length - 1];
    if (!next) return;
    void navigate(pathTo(next));
    document.querySelector(`[data-session="${next}"]`)?.scrollIntoView({ block: "nearest" });
  };
  useKeys({ j: () => step(1), k: () => step(-1) });
}

function More({
  list,
  word,
}: {
  list: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown };
  word: string;
}) {
  if (!list.hasNextPage) return null;
  return (
    <Button
      look="quiet"
      size="small"
      className={classes.more}
      disabled={list.isFetchingNextPage}
      onClick={() => void list.fetchNextPage()}
    >
      {list.isFetchingNextPage ? "Loading…" : word}
    </Button>
  );
}

function GroupRows({
  group,
  selected,
  pathTo,
  more,
}: {
  group: SessionGroup;
  selected: string | undefined;
  pathTo: (id: string) => string;
  more: boolean;
}) {
  return (
    <section aria-labelledby={`group-${group.id}`}>
      <h2 id={`group-${group.id}`} className={classes.group} data-group={group.id}>
        {group.title}
        <span className={classes.count}>
          {group.sessions.length}
          {more && "+"}
        </span>
      </h2>
      {group.sessions.map((session) => (
        <SessionRow
          key={session.sessionId}
          session={session}
          selected={session.sessionId === selected}
          to={pathTo(session.sessionId)}
        />
      ))}
    </section>
  );
}

function ListBody({
  lists,
  selected,
  pathTo,
}: {
  lists: ReturnType<typeof useSessionLists>;
  selected: string | undefined;
  pathTo: (id: string) => string;
}) {
  const [held, setHeld] = useState(false);
  const groups = useHeldGroups(lists.groups, held, lists.asked);
  useListKeys(groups, selected, pathTo);
  if (lists.error && groups.length === 0) return <ListError error={lists.error} />;
  if (lists.isLoading && groups.length === 0) return <ListSkeleton />;
  if (lists.isEmpty) return <ListEmpty />;
  if (groups.length === 0)
    return isFiltered(lists.filter) ? (
      <NothingFound />
    ) : (
      <p className={classes.note}>Nothing to do: all sessions are archived.</p>
    );
  return (
    <div className={classes.rows} onPointerEnter={() => setHeld(true)} onPointerLeave={() => setHeld(false)}>
      {groups.map((group) => (
        <GroupRows
          key={group.id}
          group={group}
          selected={selected}
          pathTo={pathTo}
          more={group.id === "done" && lists.done.hasNextPage}
        />
      ))}
      <More list={lists.open} word="More that are open" />
      <More list={lists.done} word="Older" />
    </div>
  );
}

/** All sessions by what they need from a person. */
export function SessionList() {
  const lists = useSessionLists();
  const { phone } = useLayout();
  const panes = usePanes();
  const selected = useMatch("/sessions/:id")?.params.id;
  const [params] = useSearchParams();
  const kept = new URLSearchParams(listPart(params));
  for (const name of ["tab", "wide"]) if (params.has(name)) kept.set(name, params.get(name) ?? "");
  const search = kept.size > 0 ? `?${kept}` : "";
  return (
    <nav className={classes.list} aria-label="Sessions">
      {(!phone || panes.search || isFiltered(lists.filter)) && <SearchField />}
      <ListBody lists={lists} selected={selected} pathTo={(id) => `/sessions/${id}${search}`} />
    </nav>
  );
}
