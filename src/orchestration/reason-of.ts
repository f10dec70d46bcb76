import type { OrchestrationReason } from "../contract/orchestration.ts";

interface Seen {
  running: number;
  desired: number | null;
  paused: boolean;
  pausedBy: string | null;
  allPaused: boolean;
  allPausedBy: string | null;
  queued: number;
  template: string | null;
  waitingKind: string | null;
  waitingText: string | null;
}

interface Reason {
  reason: OrchestrationReason;
  text: string;
}

const runs = (count: number): string => (count === 1 ? "1 run" : `${count} runs`);

/** Why a workspace runs what it runs, in a word for programs and a sentence for people. */
export function reasonOf(seen: Seen): Reason {
  const { running, desired, queued } = seen;
  if (seen.allPaused) return paused("Everything is paused", seen.allPausedBy);
  if (seen.paused) return paused("Paused", seen.pausedBy);
  if (desired !== null && running > desired)
    return { reason: "draining", text: `${runs(running - desired)} beyond desired; nothing is stopped` };
  if (desired !== null && running === desired)
    return {
      reason: "as_desired",
      text: queued > 0 ? `${runs(queued)} queued, admitted when one ends` : "Nothing waits",
    };
  return missing(seen);
}

const paused = (what: string, by: string | null): Reason => ({
  reason: "paused",
  text: `${what}${by ? ` by ${by}` : ""}; nothing new starts`,
});

/** Fewer run than may. */
function missing({ desired, queued, template, waitingKind, waitingText }: Seen): Reason {
  if (queued > 0)
    return waitingKind === null
      ? { reason: "starting", text: `${runs(queued)} about to start` }
      : { reason: waitingKind as OrchestrationReason, text: waitingText ?? "" };
  if (desired === null) return { reason: "no_limit", text: "No limit is set; what is queued starts" };
  if (template !== null) return { reason: "starting", text: `The standing template ${template} starts sessions` };
  return { reason: "no_work", text: "The queue is empty, and no standing template is attached" };
}
