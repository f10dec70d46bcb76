import type { Session, SessionStatus } from "../../../src/contract/session.ts";
import { timeOfDay } from "./format.ts";

export type StateShape =
  | "asks"
  | "failed"
  | "running"
  | "clock"
  | "retry"
  | "queued"
  | "created"
  | "done"
  | "cancelled"
  | "archived";
export type Tone = "need" | "fail" | "run" | "wait" | "done";
export type Group = "needs" | "failed" | "running" | "waiting" | "done" | "archived";

/** How a session stands, as the list and the header say it. */
export interface SessionState {
  group: Group;
  shape: StateShape;
  tone: Tone;
  /** One or two words for a chip. */
  word: string;
  /** Why, for the line under the title; empty when there is nothing to add. */
  why: string;
}

export const GROUPS: readonly { id: Group; title: string; statuses: readonly SessionStatus[] }[] = [
  { id: "needs", title: "Needs you", statuses: ["waiting"] },
  { id: "failed", title: "Failed", statuses: ["failed"] },
  { id: "running", title: "Running", statuses: ["running"] },
  { id: "waiting", title: "Waiting", statuses: ["waiting", "queued", "created"] },
  { id: "done", title: "Done", statuses: ["completed", "cancelled"] },
  { id: "archived", title: "Archived", statuses: ["archived"] },
];

const STATES: Record<SessionStatus, SessionState> = {
  created: { group: "waiting", shape: "created", tone: "wait", word: "Not asked yet", why: "Write the first message" },
  queued: { group: "waiting", shape: "queued", tone: "wait", word: "Queued", why: "Queued" },
  running: { group: "running", shape: "running", tone: "run", word: "Running", why: "" },
  waiting: { group: "waiting", shape: "clock", tone: "wait", word: "Waiting", why: "Waiting" },
  completed: { group: "done", shape: "done", tone: "done", word: "Done", why: "" },
  failed: { group: "failed", shape: "failed", tone: "fail", word: "Failed", why: "" },
  cancelled: { group: "done", shape: "cancelled", tone: "done", word: "Stopped", why: "" },
  archived: { group: "archived", shape: "archived", tone: "done", word: "Archived", why: "" },
};

const WAITING_WORDS: Partial<Record<NonNullable<Session["waitingFor"]>["kind"], Partial<SessionState>>> = {
  person: { group: "needs", shape: "asks", tone: "need", word: "Waiting for you" },
  limit: { shape: "clock", word: "Usage limit" },
  retry: { shape: "retry", word: "Retrying" },
  slot: { shape: "queued", word: "Queued" },
  workspace: { shape: "queued", word: "Queued" },
};

/** What a wait is for and until when: `Usage limit until 19:00`. */
export function waitText(waitingFor: NonNullable<Session["waitingFor"]>): string {
  const { kind, text, until } = waitingFor;
  if (until === null) return text;
  const at = timeOfDay(until);
  return text.includes(at) ? text : `${text} ${kind === "retry" ? "at" : "until"} ${at}`;
}

export function sessionState(session: Pick<Session, "status" | "waitingFor">): SessionState {
  const state = STATES[session.status];
  const { waitingFor } = session;
  if (!waitingFor || (state.group !== "waiting" && session.status !== "running")) return state;
  if (session.status === "running") return state;
  return { ...state, ...WAITING_WORDS[waitingFor.kind], why: waitText(waitingFor) };
}

/** Whether something is on that stopping would end. */
export const canStop = (status: SessionStatus): boolean =>
  status === "running" || status === "queued" || status === "waiting";
