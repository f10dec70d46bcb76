import type { MachineFrame } from "../contract/orchestrator-frames.ts";
import { createFramePace } from "./frame-pace.ts";
import { HUB_LIMITS } from "./limits.ts";

const CATCH_UP_MS = 1_000;

type StatusUpdate = Extract<MachineFrame, { type: "status_update" }>;

/**
 * Hands on what a machine says of its status. Each change is a transaction, an event and a word to every browser: of a
 * machine that says more than a few a second only the latest counts, once a second.
 */
export function createLatest(take: (frame: StatusUpdate) => void, pace = createFramePace(HUB_LIMITS.statusPerSecond)) {
  let timer: NodeJS.Timeout | undefined;
  let latest: StatusUpdate | undefined;

  function stop(): void {
    clearTimeout(timer);
    timer = undefined;
  }

  return {
    hear(frame: StatusUpdate): void {
      latest = frame;
      if (pace()) {
        stop();
        return take(frame);
      }
      timer ??= setTimeout(() => {
        stop();
        if (latest) take(latest);
      }, CATCH_UP_MS);
    },
    stop,
  };
}
