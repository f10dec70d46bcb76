import type { SessionStatus } from "../contract/session.ts";

/**
 * Which status may follow which. The status of a session with runs is that of its runs; only cancelling and archiving
 * are moves a person makes. A session nobody runs for us (observed, or driven by hand) may be moved along any arrow.
 */
const next: Readonly<Record<SessionStatus, readonly SessionStatus[]>> = {
  created: ["queued", "running", "waiting", "completed", "failed", "cancelled", "archived"],
  queued: ["running", "waiting", "completed", "failed", "cancelled"],
  running: ["queued", "waiting", "completed", "failed", "cancelled"],
  waiting: ["queued", "running", "completed", "failed", "cancelled"],
  completed: ["queued", "running", "waiting", "failed", "cancelled", "archived"],
  failed: ["queued", "running", "waiting", "completed", "cancelled", "archived"],
  cancelled: ["queued", "running", "waiting", "completed", "failed", "archived"],
  archived: ["queued", "running", "completed"],
};

export const mayFollow = (from: SessionStatus, to: SessionStatus): boolean => from === to || next[from].includes(to);

/** Nothing of the session runs or is about to. */
export const isAtRest = (status: SessionStatus): boolean => !["queued", "running", "waiting"].includes(status);
