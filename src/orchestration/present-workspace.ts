import type {
  GlobalCounts,
  OrchestrationChange,
  OrchestrationReason,
  OrchestrationRow,
  WorkspaceCounts,
} from "../contract/orchestration.ts";
import type { ChangeRow } from "./change-queries.ts";
import { reasonOf } from "./reason-of.ts";
import type { ViewedWorkspace } from "./view-queries.ts";
import type { WorkspaceRow } from "./workspace-queries.ts";

type Shown = Pick<WorkspaceRow, "workspaceId" | "running" | "desired" | "version" | "paused">;

export const countsOf = ({ workspaceId, running, desired, version, paused }: Shown): WorkspaceCounts => ({
  workspace_id: workspaceId,
  running,
  desired: desired ?? 0,
  version,
  paused,
});

export const rowOf = (row: ViewedWorkspace): OrchestrationRow => ({
  ...countsOf(row),
  limited: row.desired !== null,
  pausedBy: row.pausedBy,
  pausedAt: row.pausedAt?.toISOString() ?? null,
  reported: row.reported,
  queued: row.queued,
  template: row.template,
  ...reasonOf(row),
});

export const changeOf = ({ at, running, desired, version: _, ...row }: ChangeRow): OrchestrationChange => ({
  ...row,
  kind: row.kind as OrchestrationChange["kind"],
  at: at.toISOString(),
  running: row.workspaceId === null ? row.globalRunning : running,
  desired: row.workspaceId === null ? row.globalDesired : (desired ?? 0),
});

/** How many runs are missing for each reason; what drains counts against them. */
export function reasonsOf(rows: readonly ViewedWorkspace[]): GlobalCounts["reasons"] {
  const counts = new Map<OrchestrationReason, number>();
  for (const row of rows) {
    const difference = row.desired === null ? 0 : row.desired - row.running;
    const { reason } = reasonOf(row);
    if (difference !== 0) counts.set(reason, (counts.get(reason) ?? 0) + difference);
  }
  return [...counts].map(([reason, count]) => ({ reason, count })).toSorted((a, b) => b.count - a.count);
}
