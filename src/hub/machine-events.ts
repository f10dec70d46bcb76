import type { Database } from "../db/database.ts";
import type { Logger } from "../lib/logger.ts";
import { createAttempts } from "./attempts.ts";
import { insertEvents, type NewEvent } from "./machine-event-queries.ts";

const PER_MINUTE = 60;
const LONGEST = 1_000;

export type Timeline = ReturnType<typeof createTimeline>;

/** What machines and people do to a machine's timeline beside its status; one machine cannot fill the disk by it. */
export function createTimeline({ db, log }: { db: Database; log: Logger }) {
  const told = createAttempts({ limit: PER_MINUTE, windowMs: 60_000 });

  return {
    async add(event: NewEvent): Promise<void> {
      if (!told.allow(event.machineId)) return;
      const text = event.text.replaceAll("\0", "").toWellFormed().slice(0, LONGEST);
      await insertEvents(db, [{ ...event, text }]).catch((error: unknown) =>
        log.warn({ err: error, machineId: event.machineId }, "an event of a machine was not recorded"),
      );
    },
  };
}
