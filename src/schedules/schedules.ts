import type { HttpParts } from "../http/http-app.ts";
import type { Logger } from "../lib/logger.ts";
import { startCronTicks } from "./cron-ticks.ts";
import { createScheduleRoutes } from "./schedule-routes.ts";
import { createScheduleService, type ScheduleParts } from "./schedule-service.ts";
import { createScheduler } from "./scheduler.ts";

interface Parts extends ScheduleParts {
  log: Logger;
}

/** Fires what is due, in each process that asks for it, and lets people say what that is. */
export function openSchedules(parts: Parts): AsyncDisposable & { routers: HttpParts["routers"] } {
  const { log } = parts;
  const scheduler = createScheduler(parts);
  let isFailing = false;

  async function tick(): Promise<void> {
    try {
      await scheduler.tick(new Date());
      isFailing = false;
    } catch (error) {
      if (!isFailing) log.warn({ err: error }, "looking for due schedules failed; it is tried again every second");
      isFailing = true;
    }
  }

  const ticks = startCronTicks(tick);
  return {
    routers: [createScheduleRoutes({ schedules: createScheduleService(parts) })],
    [Symbol.asyncDispose]: () => ticks[Symbol.asyncDispose](),
  };
}
