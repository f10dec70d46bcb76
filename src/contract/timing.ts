import { z } from "zod";

/** When something is due, and what is done when that cannot be kept to. */
export const Timing = z.object({
  cron: z.string().trim().min(1).max(200).meta({
    description:
      "A cron line: minute, hour, day of month, month, day of week; with a sixth field in front, seconds. When both days are given, either is enough.",
    example: "0 9 * * mon-fri",
  }),
  timeZone: z.string().trim().min(1).max(100).meta({
    description: "The IANA time zone the line is meant in; UTC when absent.",
    example: "Europe/Berlin",
  }),
  overlap: z.enum(["skip", "queue"]).meta({
    description:
      "When it is due and what it started last is still at work: `skip` leaves this time out and says so in the history, `queue` waits.",
  }),
  missed: z.enum(["run-once", "record"]).meta({
    description:
      "After a time when no server was there: `run-once` makes up for it by one run, however often it was due; `record` only says so in the history.",
  }),
});
export type Timing = z.infer<typeof Timing>;
