import { z } from "zod";
import { Page } from "./page.ts";
import { RunStatus } from "./run.ts";
import { Prompt } from "./session.ts";
import { StartSession } from "./template.ts";
import { Timing } from "./timing.ts";

const { author: _author, source: _source, ...startFields } = StartSession.shape;

/** The body of the session to start, or a template with its variables. */
export const ScheduledStart = z.strictObject(startFields);
export type ScheduledStart = z.infer<typeof ScheduledStart>;

export const ScheduledMessage = z.strictObject({ sessionId: z.uuid(), prompt: Prompt });

const scheduleFields = {
  name: z.string().trim().min(1).max(200),
  ...Timing.shape,
  start: ScheduledStart.meta({
    description:
      "The session to start each time, as in `POST /api/sessions`: in full, or by `template` and `variables`.",
  }),
  continue: ScheduledMessage.meta({
    description: "Instead of `start`: the session to continue, and what to say to it.",
  }),
  paused: z.boolean().meta({
    description:
      "A paused schedule is due never. `false` resumes it: its failures are forgotten, and it is next due from now on.",
  }),
};

export const CreateSchedule = z
  .object({
    name: scheduleFields.name,
    ...Timing.partial().shape,
    start: scheduleFields.start.optional(),
    continue: scheduleFields.continue.optional(),
    paused: scheduleFields.paused.default(false),
  })
  .meta({ id: "CreateSchedule" });
export type CreateSchedule = z.infer<typeof CreateSchedule>;

export const UpdateSchedule = z
  .object(scheduleFields)
  .partial()
  .refine((body) => Object.keys(body).length > 0, "must change something")
  .meta({ id: "UpdateSchedule" });
export type UpdateSchedule = z.infer<typeof UpdateSchedule>;

export const Schedule = z
  .object({
    scheduleId: z.uuid(),
    name: z.string(),
    ...Timing.shape,
    start: ScheduledStart.nullable(),
    continue: z.object({ sessionId: z.uuid().nullable(), prompt: z.string() }).nullable().meta({
      description: "`sessionId` is null when that session is gone.",
    }),
    status: z.enum(["active", "paused"]),
    pausedAt: z.iso.datetime().nullable(),
    pausedReason: z.string().nullable().meta({ description: "Who paused it, or which failures did." }),
    failures: z
      .int()
      .meta({ description: "In a row: what could not be started, and runs that failed. After 3 it is paused." }),
    nextFires: z
      .array(z.iso.datetime())
      .meta({ description: "The next five times it is due; none when it is paused." }),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: "Schedule" });
export type Schedule = z.infer<typeof Schedule>;

export const SchedulePage = Page(Schedule).meta({ id: "SchedulePage" });

/** What became of one time a schedule was due. */
export const ScheduleFire = z
  .object({
    fireId: z.uuid(),
    scheduleId: z.uuid(),
    dueAt: z.iso.datetime(),
    cause: z.enum(["time", "missed", "hand"]).meta({
      description:
        "`time`: it was due. `missed`: it makes up for times when no server was there. `hand`: somebody asked for it.",
    }),
    status: z.enum(["fired", "queued", "skipped", "missed", "failed"]).meta({
      description:
        "`fired`: it was started, and `run` says what became of it. `queued`: it waits for what was started before. `skipped`, `missed` and `failed`: nothing was started, and `reason` says why.",
    }),
    reason: z.string().nullable(),
    sessionId: z.uuid().nullable(),
    runId: z.uuid().nullable(),
    runStatus: RunStatus.nullable(),
    firedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: "ScheduleFire" });
export type ScheduleFire = z.infer<typeof ScheduleFire>;

export const ScheduleFirePage = Page(ScheduleFire).meta({ id: "ScheduleFirePage" });
