import type { Run } from "../../../src/contract/run.ts";
import type { SessionState, StateShape } from "../lib/session-state.ts";
import {
  AsksIcon,
  CancelledIcon,
  ClockIcon,
  DoneIcon,
  FailedIcon,
  type MarkIcon,
  QueuedIcon,
  RetryIcon,
  RingIcon,
  RunningIcon,
} from "./icons.tsx";

const SHAPES: Record<StateShape, typeof MarkIcon> = {
  asks: AsksIcon,
  failed: FailedIcon,
  running: RunningIcon,
  clock: ClockIcon,
  retry: RetryIcon,
  queued: QueuedIcon,
  created: RingIcon,
  done: DoneIcon,
  cancelled: CancelledIcon,
  archived: RingIcon,
};

export function StateIcon({ state, size = 14 }: { state: Pick<SessionState, "shape" | "tone">; size?: number }) {
  const Shape = SHAPES[state.shape];
  return <Shape size={size} className={`t-${state.tone}`} />;
}

export const RUN_STATES: Record<Run["status"], Pick<SessionState, "shape" | "tone">> = {
  queued: { shape: "queued", tone: "wait" },
  running: { shape: "running", tone: "run" },
  waiting: { shape: "clock", tone: "wait" },
  succeeded: { shape: "done", tone: "done" },
  failed: { shape: "failed", tone: "fail" },
  cancelled: { shape: "cancelled", tone: "done" },
};
