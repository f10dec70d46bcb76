import { cpus } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

const SAMPLE_MS = 400;
const QUIET_SHARE = 0.15;

function times(): { busy: number; all: number } {
  let [busy, all] = [0, 0];
  for (const {
    times: { user, nice, sys, idle, irq },
  } of cpus()) {
    busy += user + nice + sys + irq;
    all += user + nice + sys + irq + idle;
  }
  return { busy, all };
}

/**
 * Waits until the machine does next to nothing else, at most `maxMs`. Returns the share of its CPUs that was busy in the
 * last look: what is measured on a busy machine is not worth much, and the reader should know.
 */
export async function waitForQuiet(maxMs: number): Promise<number> {
  const deadline = Date.now() + maxMs;
  for (;;) {
    const before = times();
    await sleep(SAMPLE_MS);
    const after = times();
    const share = (after.busy - before.busy) / Math.max(1, after.all - before.all);
    if (share < QUIET_SHARE || Date.now() > deadline) return share;
  }
}
