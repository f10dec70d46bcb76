import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useSearchParams } from "react-router";
import type { Session, SessionStatus } from "../../../../src/contract/session.ts";
import { anySessionQuery, sessionsQuery } from "../../api/sessions.ts";
import { repoName } from "../../lib/format.ts";
import { filterOfParams, type ListFilter } from "../../lib/search-words.ts";
import { type Group, GROUPS, sessionState } from "../../lib/session-state.ts";

/** Asked apart, so that many that are over never push one that runs from the first page. */
const LIVE: readonly SessionStatus[] = ["running", "waiting", "queued", "created"];
const FAILED: readonly SessionStatus[] = ["failed"];
const DONE: readonly SessionStatus[] = ["completed", "cancelled"];
const LIVE_PAGE = 100;
const OVER_PAGE = 20;

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

function useList(filter: ListFilter, all: readonly SessionStatus[], limit: number) {
  const { q, tag, source } = filter;
  return useInfiniteQuery(sessionsQuery({ q, tag, source, statuses: within(all, filter.status), limit }));
}

/** The session list as the address narrows it: what is alive as a whole, what is over page by page. */
export function useSessionLists() {
  const [params] = useSearchParams();
  const filter = useMemo(() => filterOfParams(params), [params]);
  const live = useList(filter, LIVE, LIVE_PAGE);
  const failed = useList(filter, FAILED, OVER_PAGE);
  const done = useList(filter, filter.status ? [...DONE, "archived"] : DONE, OVER_PAGE);
  const any = useQuery(anySessionQuery);
  const lists = [live, failed, done];
  const groups = useMemo(() => {
    const all = [live.data, failed.data, done.data].flatMap((data) => data?.pages.flatMap((page) => page.items) ?? []);
    return grouped(all.filter((session) => matchesRepo(session, filter.repo)));
  }, [live.data, failed.data, done.data, filter.repo]);
  return {
    filter,
    groups,
    live,
    failed,
    done,
    isEmpty: any.data === false && groups.length === 0,
    isLoading: any.isLoading || lists.some((list) => list.isLoading),
    error: lists.find((list) => list.error)?.error ?? null,
    asked: JSON.stringify([filter, ...lists.map((list) => list.data?.pages.length)]),
    needs: groups.find((group) => group.id === "needs")?.sessions.length ?? 0,
  };
}
