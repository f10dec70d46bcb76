import type { SessionStatus } from "../contract/session.ts";

/**
 * Where a person may move a session. That it is queued, runs or waits only runs and hooks can say: set by hand, nothing
 * would ever end it. With runs the status follows them; then only cancelling and archiving are left.
 */
const next: Readonly<Record<SessionStatus, readonly SessionStatus[]>> = {
  created: ["completed", "failed", "cancelled", "archived"],
  queued: ["completed", "failed", "cancelled"],
  running: ["completed", "failed", "cancelled"],
  waiting: ["completed", "failed", "cancelled"],
  completed: ["failed", "cancelled", "archived"],
  failed: ["completed", "cancelled", "archived"],
  cancelled: ["completed", "failed", "archived"],
  archived: ["completed"],
};

const settable: ReadonlySet<SessionStatus> = new Set(["completed", "failed", "cancelled", "archived"]);

/** A person may give a session this status, from some other one. */
export const maySet = (status: SessionStatus): boolean => settable.has(status);

export const mayFollow = (from: SessionStatus, to: SessionStatus): boolean => from === to || next[from].includes(to);

/** Nothing of the session runs or is about to. */
export const isAtRest = (status: SessionStatus): boolean => !["queued", "running", "waiting"].includes(status);
