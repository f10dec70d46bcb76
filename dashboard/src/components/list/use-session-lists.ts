import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useSearchParams } from "react-router";
import type { Session, SessionStatus } from "../../../../src/contract/session.ts";
import { anySessionQuery, sessionsQuery } from "../../api/sessions.ts";
import { repoName } from "../../lib/format.ts";
import { filterOfParams, type ListFilter } from "../../lib/search-words.ts";
import { type Group, GROUPS, sessionState } from "../../lib/session-state.ts";

const OPEN: readonly SessionStatus[] = ["failed", "running", "waiting", "queued", "created"];
const DONE: readonly SessionStatus[] = ["completed", "cancelled"];
const OPEN_PAGE = 100;
const DONE_PAGE = 20;

export interface SessionGroup {
  id: Group;
  title: string;
  sessions: Session[];
}

const within = (all: readonly SessionStatus[], wanted: readonly SessionStatus[] | undefined) =>
  wanted ? all.filter((status) => wanted.includes(status)) : all;

function matchesRepo(session: Session, repo: string | undefined): boolean {
  if (!repo) return true;
  const full = session.githubRepo ?? session.projectPath ?? "";
  return repoName(session) === repo || full.toLowerCase().includes(repo.toLowerCase());
}

/** Newest failure and newest done first; what runs keeps its place by when it began, so that rows stand still. */
const newestFirst: Record<Group, (session: Session) => string> = {
  needs: (session) => session.updatedAt,
  failed: (session) => session.updatedAt,
  running: (session) => session.createdAt,
  waiting: (session) => session.createdAt,
  done: (session) => session.updatedAt,
  archived: (session) => session.updatedAt,
};

function grouped(sessions: readonly Session[]): SessionGroup[] {
  const groups = Map.groupBy(sessions, (session) => sessionState(session).group);
  return GROUPS.flatMap(({ id, title }) => {
    const members = groups.get(id)?.toSorted((a, b) => newestFirst[id](b).localeCompare(newestFirst[id](a))) ?? [];
    // The oldest question first: it has waited longest.
    if (id === "needs") members.reverse();
    return members.length > 0 ? [{ id, title, sessions: members }] : [];
  });
}

export const isFiltered = (filter: ListFilter): boolean => Object.values(filter).some((value) => value !== undefined);

/** The session list as the address narrows it: what needs attention as a whole, what is done page by page. */
export function useSessionLists() {
  const [params] = useSearchParams();
  const filter = useMemo(() => filterOfParams(params), [params]);
  const archived: readonly SessionStatus[] = filter.status?.includes("archived") ? ["archived"] : [];
  const asked = { q: filter.q, tag: filter.tag, source: filter.source };
  const open = useInfiniteQuery(sessionsQuery({ ...asked, statuses: within(OPEN, filter.status), limit: OPEN_PAGE }));
  const done = useInfiniteQuery(
    sessionsQuery({ ...asked, statuses: [...within(DONE, filter.status), ...archived], limit: DONE_PAGE }),
  );
  const any = useQuery(anySessionQuery);
  const groups = useMemo(() => {
    const all = [...(open.data?.pages ?? []), ...(done.data?.pages ?? [])].flatMap((page) => page.items);
    return grouped(all.filter((session) => matchesRepo(session, filter.repo)));
  }, [open.data, done.data, filter.repo]);
  return {
    filter,
    groups,
    open,
    done,
    isEmpty: any.data === false,
    isLoading: open.isLoading || done.isLoading || any.isLoading,
    error: open.error ?? done.error,
    asked: JSON.stringify([filter, open.data?.pages.length, done.data?.pages.length]),
    needs: groups.find((group) => group.id === "needs")?.sessions.length ?? 0,
  };
}
