import { useState } from "react";
import { useMatch } from "react-router";
import { usePanes } from "../../lib/panes.ts";
import type { Group } from "../../lib/session-state.ts";
import { useLayout } from "../../lib/use-layout.ts";
import { Button } from "../button.tsx";
import { ListEmpty, ListError, ListSkeleton, NothingFound } from "./list-states.tsx";
import { SearchField } from "./search-field.tsx";
import { SessionRow } from "./session-row.tsx";
import { useHeldGroups } from "./use-held-groups.ts";
import { useSessionPath } from "./use-list-keys.ts";
import { isFiltered, type SessionGroup, useSessionLists } from "./use-session-lists.ts";
import classes from "./session-list.module.css";

type Lists = ReturnType<typeof useSessionLists>;
type Paged = Lists["done"];

/** Under which group stands the way to more of its kind. */
const MORE: Partial<Record<Group, keyof Pick<Lists, "live" | "failed" | "done">>> = {
  failed: "failed",
  waiting: "live",
  done: "done",
  archived: "done",
};

function Older({ list }: { list: Paged }) {
  return (
    <Button
      look="quiet"
      size="small"
      className={classes.more}
      disabled={list.isFetchingNextPage}
      onClick={() => void list.fetchNextPage()}
    >
      {list.isFetchingNextPage ? "Loading…" : "Older"}
    </Button>
  );
}

function GroupRows({ group, more }: { group: SessionGroup; more: Paged | undefined }) {
  const selected = useMatch("/sessions/:id")?.params.id;
  const pathTo = useSessionPath();
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
      {more && <Older list={more} />}
    </section>
  );
}

function NoRows({ lists }: { lists: Lists }) {
  if (lists.error) return <ListError error={lists.error} />;
  if (lists.isLoading) return <ListSkeleton />;
  if (lists.isEmpty) return <ListEmpty />;
  if (isFiltered(lists.filter)) return <NothingFound />;
  return <p className={classes.note}>Nothing to do: all sessions are archived.</p>;
}

function ListBody({ lists }: { lists: Lists }) {
  const [held, setHeld] = useState(false);
  const groups = useHeldGroups(lists.groups, held, lists.asked);
  if (groups.length === 0) return <NoRows lists={lists} />;
  const moreOf = ({ id }: SessionGroup) => {
    const list = MORE[id] && lists[MORE[id]];
    return list?.hasNextPage ? list : undefined;
  };
  return (
    <div className={classes.rows} onPointerEnter={() => setHeld(true)} onPointerLeave={() => setHeld(false)}>
      {groups.map((group) => (
        <GroupRows key={group.id} group={group} more={moreOf(group)} />
      ))}
    </div>
  );
}

/** All sessions by what they need from a person. */
export function SessionList() {
  const lists = useSessionLists();
  const { phone } = useLayout();
  const panes = usePanes();
  return (
    <nav className={classes.list} aria-label="Sessions">
      {(!phone || panes.search || isFiltered(lists.filter)) && <SearchField />}
      <ListBody lists={lists} />
    </nav>
  );
}
