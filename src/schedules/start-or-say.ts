import { AppError } from "../lib/errors.ts";
import type { Logger } from "../lib/logger.ts";
import { isDatabaseOutage } from "../lib/outage.ts";
import type { Prepared } from "./fire-schedule.ts";
import type { ScheduleRow } from "./schedule-queries.ts";
import { inWords, prepareWork, type WorkParts } from "./scheduled-work.ts";

interface Parts extends WorkParts {
  log: Logger;
}

/**
 * Prepares what a schedule starts and hands it to `attempt`, a transaction; when it cannot be started, `attempt` is told
 * why instead. What fails here fails the schedule; only a database that is away is nobody's fault, and is thrown.
 */
export async function startOrSay(
  { log, ...parts }: Parts,
  { schedule, dueAt }: { schedule: ScheduleRow; dueAt: Date },
  attempt: (prepared: Prepared) => Promise<void>,
): Promise<void> {
  function failed(error: unknown): Prepared {
    if (error instanceof AppError) return { is: "failed", reason: inWords(error) };
    if (isDatabaseOutage(error)) throw error;
    log.error({ err: error, scheduleId: schedule.id }, "firing a schedule failed");
    return { is: "failed", reason: "An error of the server; its log says more." };
  }

  const prepared = await prepareWork(parts, schedule, dueAt).then(
    (work): Prepared => ({ is: "ready", work }),
    (error: unknown) => failed(error),
  );
  try {
    await attempt(prepared);
  } catch (error) {
    if (prepared.is === "failed") throw error;
    await attempt(failed(error));
  }
}
