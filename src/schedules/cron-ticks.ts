import { schedule } from "node-cron";

const EVERY_SECOND = "* * * * * *";

/** Calls `tick` every second, never twice at once, until it is disposed of; that waits for the tick that is on. */
export function startCronTicks(tick: () => Promise<void>): AsyncDisposable {
  let last = Promise.resolve();
  const run = (): Promise<void> => (last = tick());
  const task = schedule(EVERY_SECOND, run, {
    noOverlap: true,
    suppressMissedWarning: true,
    unref: true,
    logger: silent,
  });
  return {
    async [Symbol.asyncDispose]() {
      await task.destroy();
      await last;
    },
  };
}

/** It would write to the console that a tick was late; what was due is looked up, so nothing is lost by that. */
const silent = { info: () => {}, warn: () => {}, error: () => {}, debug: () => {} };
