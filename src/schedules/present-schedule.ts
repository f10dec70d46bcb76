import type { Schedule, ScheduleFire } from "../contract/schedule.ts";
import { nextDues } from "../lib/cron-line.ts";
import type { FireRow } from "./fire-queries.ts";
import type { NamedRow } from "./schedule-queries.ts";

const NEXT_FIRES = 5;

export function presentSchedule(row: NamedRow, now: Date): Schedule {
  const { cron, timeZone, start, prompt, sessionId, pausedAt } = row;
  const template = row.templateName === null ? {} : { template: row.templateName };
  const next = pausedAt ? [] : nextDues(cron, timeZone, now, NEXT_FIRES);
  return {
    scheduleId: row.id,
    name: row.name,
    cron,
    timeZone,
    overlap: row.overlap,
    missed: row.missed,
    start: start && { ...template, ...start },
    continue: prompt === null ? null : { sessionId, prompt },
    status: pausedAt ? "paused" : "active",
    pausedAt: pausedAt?.toISOString() ?? null,
    pausedReason: row.pausedReason,
    failures: row.failures,
    nextFires: next.map((at) => at.toISOString()),
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  };
}

export const presentFire = (row: FireRow): ScheduleFire => ({
  fireId: row.id,
  scheduleId: row.scheduleId,
  dueAt: row.dueAt.toISOString(),
  cause: row.cause as ScheduleFire["cause"],
  status: row.status as ScheduleFire["status"],
  reason: row.reason,
  sessionId: row.sessionId,
  runId: row.runId,
  runStatus: row.runStatus as ScheduleFire["runStatus"],
  firedAt: row.firedAt?.toISOString() ?? null,
});
