import type { WaitingFor } from "../contract/session.ts";
import { budgetText, findSpent, type Budget } from "./budgets.ts";
import type { MachineFacts } from "./machine-facts.ts";

/** What the decision is made of; all of it read under one lock, so that two runs never share the last slot. */
export interface AdmissionFacts {
  /** Runs that are on in this worker. */
  busy: number;
  /** Those of them that began a moment ago: the memory they will take is not taken yet. */
  starting: number;
  slots: number;
  /** Another session's run is on in the same local folder. */
  folderBusy: boolean;
  /** Runs that were queued before this one and wait for a slot too. */
  ahead: number;
  /** Runs on this machine that began a moment ago and will renew the login all share; 0 when that is not due. */
  renewing: number;
  /** When a usage limit of the account ends that has not ended yet. */
  limitUntil: Date | null;
  budgets: readonly Budget[];
  /** Somebody holds back every run of the installation. */
  allPaused: { by: string | null } | null;
  /** Undefined when the session belongs to no workspace that is counted. */
  desired: DesiredCounts | undefined;
  machine: MachineFacts;
  room: RoomLimits;
}

/** How many runs a workspace of orchestration may have, and has. */
export interface DesiredCounts {
  workspaceId: string;
  /** Null: no limit. */
  desired: number | null;
  paused: boolean;
  pausedBy: string | null;
  running: number;
}

/** What a run needs of the machine; 0 asks for nothing. */
export interface RoomLimits {
  memoryBytes: number;
  diskBytes: number;
}

/** Whether a run may start now; if not, what it waits for, in words for a person. Each new limit is a line here. */
export function mayStart(facts: AdmissionFacts): "yes" | WaitingFor {
  const { folderBusy, limitUntil } = facts;
  if (limitUntil) return { kind: "limit", text: "Usage limit", until: limitUntil.toISOString() };
  if (folderBusy) return { kind: "workspace", text: "Another session is working in this folder", until: null };
  const spent = findSpent(facts.budgets);
  if (spent) return { kind: "budget", text: budgetText(spent), until: spent.until?.toISOString() ?? null };
  return isUndesired(facts) ?? lacksSlot(facts) ?? lacksDisk(facts) ?? lacksMemory(facts) ?? "yes";
}

const slot = (text: string): WaitingFor => ({ kind: "slot", text, until: null });

/** What is on goes on to its end; only what begins is held back. */
function isUndesired({ allPaused, desired: counts }: AdmissionFacts): WaitingFor | undefined {
  if (allPaused) return wish(`Everything is paused${allPaused.by ? ` by ${allPaused.by}` : ""}`);
  if (!counts) return undefined;
  const { workspaceId, desired, paused, pausedBy, running } = counts;
  if (paused) return wish(`${workspaceId} is paused${pausedBy ? ` by ${pausedBy}` : ""}`);
  if (desired === null || running < desired) return undefined;
  return wish(
    desired === 0 ? `Nothing is desired in ${workspaceId}` : `As many run in ${workspaceId} as desired: ${desired}`,
  );
}

const wish = (text: string): WaitingFor => ({ kind: "desired", text, until: null });

function lacksSlot({ busy, slots, ahead, renewing }: AdmissionFacts): WaitingFor | undefined {
  if (busy >= slots) return slot(`All ${slots} slots are busy${ahead > 0 ? `, ${ahead} ahead` : ""}`);
  return renewing > 0 ? slot("Another run is renewing the login that all share; one at a time may") : undefined;
}

/** A full disk breaks what is written on it, the ledger first: nothing new starts. */
function lacksDisk({ machine, room }: AdmissionFacts): WaitingFor | undefined {
  const full = machine.disks.find(({ freeBytes }) => freeBytes < room.diskBytes);
  if (!full) return undefined;
  const text = `The disk of ${full.folder} is almost full: ${gigabytes(full.freeBytes)} free, ${gigabytes(room.diskBytes)} must be. Make room there`;
  return { kind: "disk", text, until: null };
}

/** One run may start however little there is: it would otherwise wait for room that nothing of ours will make. */
function lacksMemory({ machine, room, busy, starting }: AdmissionFacts): WaitingFor | undefined {
  const available = machine.availableBytes - starting * room.memoryBytes;
  if (busy === 0 || available >= room.memoryBytes) return undefined;
  const taken = starting > 0 ? `, ${starting} of the runs that are on still growing` : "";
  const text = `A run needs ${gigabytes(room.memoryBytes)} of memory; ${gigabytes(machine.availableBytes)} were available when this was last looked at${taken}`;
  return { kind: "memory", text, until: null };
}

const GIB = 1024 ** 3;

const gigabytes = (bytes: number): string => `${(bytes / GIB).toFixed(1)} GB`;
