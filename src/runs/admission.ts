import type { WaitingFor } from "../contract/session.ts";

/** What the decision is made of; all of it read under one lock, so that two runs never share the last slot. */
export interface AdmissionFacts {
  /** Runs that are on in this worker. */
  busy: number;
  slots: number;
  /** Another session's run is on in the same local folder. */
  folderBusy: boolean;
  /** Runs that were queued before this one and wait for a slot too. */
  ahead: number;
  /** When a usage limit of the account ends that has not ended yet. */
  limitUntil: Date | null;
}

/** Whether a run may start now; if not, what it waits for, in words for a person. Each new limit is a line here. */
export function mayStart({ busy, slots, folderBusy, ahead, limitUntil }: AdmissionFacts): "yes" | WaitingFor {
  if (limitUntil) return { kind: "limit", text: "Usage limit", until: limitUntil.toISOString() };
  if (folderBusy) return { kind: "workspace", text: "Another session is working in this folder", until: null };
  if (busy >= slots)
    return { kind: "slot", text: `All ${slots} slots are busy${ahead > 0 ? `, ${ahead} ahead` : ""}`, until: null };
  return "yes";
}
