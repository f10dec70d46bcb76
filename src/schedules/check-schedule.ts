import type { CreateSchedule, UpdateSchedule } from "../contract/schedule.ts";
import type { Template } from "../contract/template.ts";
import type { Timing } from "../contract/timing.ts";
import { checkCronLine, checkTimeZone } from "../lib/cron-line.ts";
import { invalidField } from "../lib/errors.ts";
import type { ScheduleRow } from "./schedule-queries.ts";

/** What a schedule is made of, as it stands in its row. */
export type Content = Pick<
  ScheduleRow,
  "name" | "cron" | "timeZone" | "overlap" | "missed" | "start" | "templateId" | "sessionId" | "prompt"
>;

const defaults = { timeZone: "UTC", overlap: "skip", missed: "run-once" } as const;

/** What a body starts or continues. AppError "invalid" when it is both. */
export function whatOf(
  { start, continue: goOn }: UpdateSchedule,
  template: Template | undefined,
): Pick<Content, "start" | "templateId" | "sessionId" | "prompt"> | undefined {
  if (start && goOn) throw invalidField("body.continue", "cannot go with start: a schedule does one of the two");
  if (goOn) return { start: null, templateId: null, ...goOn };
  if (!start) return undefined;
  const { template: _, ...rest } = start;
  return { start: rest, templateId: template?.templateId ?? null, sessionId: null, prompt: null };
}

/** A new schedule; what its body does not say of the timing, its template may. */
export function contentOf(body: CreateSchedule, template: Template | undefined): Content {
  const what = whatOf(body, template);
  if (!what) throw invalidField("body.start", "is required, or continue: what is done when it is due");
  const { cron, ...timing } = { ...timingOf(template?.schedule ?? {}), ...timingOf(body) };
  if (cron === undefined) throw invalidField("body.cron", "is required");
  const content = { name: body.name, cron, ...defaults, ...timing, ...what };
  checkTiming(content);
  return content;
}

/** The fields of the timing that a body gives. */
function timingOf(body: Pick<UpdateSchedule, keyof Timing>): Partial<Timing> {
  const { cron, timeZone, overlap, missed } = body;
  return {
    ...(cron === undefined ? {} : { cron }),
    ...(timeZone === undefined ? {} : { timeZone }),
    ...(overlap === undefined ? {} : { overlap }),
    ...(missed === undefined ? {} : { missed }),
  };
}

export function checkTiming({ cron, timeZone }: Pick<Timing, "cron" | "timeZone">): void {
  checkTimeZone("body.timeZone", timeZone);
  checkCronLine("body.cron", cron);
}

/** What a change leaves as it was, and what it does not. */
export function changedContent(before: Content, body: UpdateSchedule, template: Template | undefined): Content {
  const { name, cron, timeZone, overlap, missed, start, templateId, sessionId, prompt } = before;
  const kept = { name, cron, timeZone, overlap, missed, start, templateId, sessionId, prompt };
  const content = { ...kept, ...timingOf(body), name: body.name ?? name, ...whatOf(body, template) };
  checkTiming(content);
  return content;
}
