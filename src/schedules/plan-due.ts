import type { Timing } from "../contract/timing.ts";
import { lastDues, nextDue } from "../lib/cron-line.ts";

/** Later than this after its time it was missed: somebody who counts on the hour may not want it any more. */
const GRACE_MS = 60_000;
/** Missed times that are told one by one; of those before only that there were some. */
const MAX_TOLD = 25;

interface Due extends Pick<Timing, "cron" | "timeZone" | "missed"> {
  /** The first time nobody has decided about yet. */
  nextDueAt: Date;
}

export interface DuePlan {
  /** What is started for which time; null when the times that have passed are only written down. */
  fire: { dueAt: Date; cause: "time" | "missed" } | null;
  missed: { dueAt: Date; reason: string }[];
  next: Date | null;
}

/**
 * What becomes of all times a schedule was due up to `now`: at most one is fired, the newest; the others were missed.
 * Pure.
 */
export function planDue({ cron, timeZone, missed, nextDueAt }: Due, now: Date): DuePlan {
  const dues = lastDues(cron, timeZone, now, MAX_TOLD + 1).filter((at) => at >= nextDueAt);
  // The rules of a time zone may have changed since it was computed: what was promised is kept.
  const [newest = nextDueAt, ...earlier] = dues;
  const isLate = now.getTime() - newest.getTime() > GRACE_MS;
  const isFired = !isLate || missed === "run-once";
  const lost = isFired ? earlier : [newest, ...earlier];
  return {
    fire: isFired ? { dueAt: newest, cause: isLate ? "missed" : "time" } : null,
    missed: lost.slice(0, MAX_TOLD).map((dueAt, index) => ({ dueAt, reason: reasonOf(index, { nextDueAt, dues }) })),
    next: nextDue(cron, timeZone, now) ?? null,
  };
}

function reasonOf(index: number, { nextDueAt, dues }: { nextDueAt: Date; dues: readonly Date[] }): string {
  const isLast = index === MAX_TOLD - 1 && dues.length > MAX_TOLD;
  return isLast
    ? `No server was there in time; nor for those before it, since ${nextDueAt.toISOString()}.`
    : "No server was there in time.";
}
