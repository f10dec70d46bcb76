import { queryOptions } from "@tanstack/react-query";
import {
  GlobalCounts,
  OrchestrationHistory,
  type OrchestrationRow,
  OrchestrationRows,
  WorkspaceAnswer,
} from "../../../src/contract/orchestration.ts";
import { ApiError, request } from "./client.ts";
import { POLL_MS } from "./polling.ts";

/** The server's largest page. */
const HISTORY_PAGE = 200;
const HISTORY_POLL_MS = 15_000;
const HOUR_MS = 3_600_000;
export const HISTORY_HOURS = 6;
/** Runs that begin or end change the version too; the wish is then written again. */
const TRIES = 4;
const CHANGED = 412;

export const workspacesQuery = queryOptions({
  queryKey: ["orchestration", "workspaces"],
  queryFn: ({ signal }) => request(OrchestrationRows, "/api/orchestration/workspaces", { signal }),
  refetchInterval: POLL_MS,
});

export const globalQuery = queryOptions({
  queryKey: ["orchestration", "global"],
  queryFn: ({ signal }) => request(GlobalCounts, "/api/orchestration/global", { signal }),
  refetchInterval: POLL_MS,
});

/** The newest changes of the last hours, oldest first. */
export const recentQuery = queryOptions({
  queryKey: ["orchestration", "recent"],
  queryFn: async ({ signal }) => {
    const since = new Date(Date.now() - HISTORY_HOURS * HOUR_MS).toISOString();
    const query = { since, limit: HISTORY_PAGE };
    return (await request(OrchestrationHistory, "/api/orchestration/history", { signal, query })).items.toReversed();
  },
  refetchInterval: HISTORY_POLL_MS,
});

const pathOf = (id: string): string => `/api/orchestration/workspace/${encodeURIComponent(id)}`;

/** Makes the workspace when it is not there. */
export const readWorkspace = (id: string) => request(WorkspaceAnswer, pathOf(id));

export const pauseWorkspace = (id: string, paused: boolean) =>
  request(WorkspaceAnswer, `${pathOf(id)}/paused`, { method: "PUT", body: { paused } });

/** Whether anything may begin in the whole installation. */
export const pauseEverything = (paused: boolean) =>
  request(GlobalCounts, "/api/orchestration/paused", { method: "PUT", body: { paused } });

/** By name; null takes it away. */
export const attachTemplate = (id: string, template: string | null) =>
  request(WorkspaceAnswer, `${pathOf(id)}/template`, { method: "PUT", body: { template } });

/** Somebody else set something else since the person looked. */
export interface Conflict {
  id: string;
  wanted: number | null;
  now: number;
}

/** What somebody knew of a workspace when they made up their mind. */
export type Seen = Pick<OrchestrationRow, "workspace_id" | "version" | "desired">;

/** Writes what a person wants, judged by what they saw. */
export async function wantDesired(
  seen: Seen,
  wanted: number | null,
): Promise<{ written: Seen; conflict?: never } | { conflict: Conflict; written?: never }> {
  const id = seen.workspace_id;
  let { version } = seen;
  for (let tries = TRIES; ; tries--) {
    const body = { desired: wanted };
    try {
      const answer = await request(WorkspaceAnswer, `${pathOf(id)}/desired`, { method: "PUT", body, ifMatch: version });
      return { written: answer.workspace };
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== CHANGED || tries === 0) throw error;
      const { workspace } = await readWorkspace(id);
      if (workspace.desired !== seen.desired) return { conflict: { id, wanted, now: workspace.desired } };
      ({ version } = workspace);
    }
  }
}
