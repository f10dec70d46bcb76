import { useState } from "react";
import type { z } from "zod";
import type { CreateSchedule, Schedule } from "../../../../src/contract/schedule.ts";
import type { ProjectType } from "../../../../src/contract/session.ts";
import { type FormErrors, problemErrors } from "../../lib/problem-errors.ts";

export type What = "template" | "session" | "continue";

/** The form as it stands on screen; empty means "not set". */
export interface ScheduleForm {
  name: string;
  cron: string;
  timeZone: string;
  overlap: "" | "skip" | "queue";
  missed: "" | "run-once" | "record";
  what: What;
  template: string;
  variables: Readonly<Record<string, string>>;
  projectType: ProjectType;
  githubRepo: string;
  projectPath: string;
  sessionId: string;
  prompt: string;
}

export const newForm = (): ScheduleForm => ({
  name: "",
  cron: "",
  timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  overlap: "",
  missed: "",
  what: "session",
  template: "",
  variables: {},
  projectType: "github",
  githubRepo: "",
  projectPath: "",
  sessionId: "",
  prompt: "",
});

const whatOf = ({ start, continue: goOn }: Schedule): What => {
  if (goOn) return "continue";
  return start?.template === undefined ? "session" : "template";
};

function shownOf(start: NonNullable<Schedule["start"]>): Partial<ScheduleForm> {
  const { template = "", projectType = "github", githubRepo = "", projectPath = "", initialPrompt = "" } = start;
  const variables: Record<string, string> = {};
  for (const [name, value] of Object.entries(start.variables ?? {})) variables[name] = String(value);
  return { template, variables, projectType, githubRepo, projectPath, prompt: initialPrompt };
}

export function formOf(schedule: Schedule): ScheduleForm {
  const { name, cron, timeZone, overlap, missed, start, continue: goOn } = schedule;
  return {
    ...newForm(),
    name,
    cron,
    timeZone,
    overlap,
    missed,
    what: whatOf(schedule),
    ...(start && shownOf(start)),
    ...(goOn && { sessionId: goOn.sessionId ?? "", prompt: goOn.prompt }),
  };
}

type Body = z.input<typeof CreateSchedule>;
type Start = NonNullable<Body["start"]>;

/** What it starts; what a program set beside the fields of this form is kept. */
function startOf(form: ScheduleForm, before: Schedule["start"]): Start {
  const { template: _t, variables: _v, projectType: _p, githubRepo: _g, projectPath: _f, ...kept } = before ?? {};
  const { initialPrompt: _i, ...rest } = kept;
  if (form.what === "template") {
    const given = Object.entries(form.variables).filter(([, value]) => value !== "");
    return { ...kept, template: form.template, ...(given.length > 0 && { variables: Object.fromEntries(given) }) };
  }
  const { projectType, githubRepo, projectPath, prompt: initialPrompt } = form;
  const place = projectType === "github" ? { githubRepo } : { projectPath };
  return { ...rest, projectType, ...place, initialPrompt };
}

/** What is sent. */
export function requestOf(form: ScheduleForm, before: Schedule | undefined): Body {
  const { name, cron, timeZone, overlap, missed, what, sessionId, prompt } = form;
  const sameKind = before && whatOf(before) === what ? before.start : null;
  return {
    name,
    // A new one may leave them to its template, or to the server.
    ...((before ?? cron.trim()) && { cron }),
    ...((before ?? timeZone.trim()) && { timeZone }),
    ...(overlap && { overlap }),
    ...(missed && { missed }),
    ...(what === "continue" ? { continue: { sessionId, prompt } } : { start: startOf(form, sameKind) }),
  };
}

const ALWAYS = ["name", "cron", "timeZone", "overlap", "missed"];
/** What the form shows of what it starts. */
const SHOWN: Record<What, readonly string[]> = {
  session: ["projectType", "githubRepo", "projectPath", "prompt"],
  template: ["template", "variables"],
  continue: ["sessionId", "prompt"],
};

/** What the server minds, by the field that shows it. */
export const errorsOf = (error: Error, { what }: ScheduleForm): FormErrors =>
  problemErrors(error, (path) => {
    const inner = path.replace(/^(?:start|continue)\./u, "");
    const name = inner === "initialPrompt" ? "prompt" : inner;
    const [top = ""] = name.split(".");
    return ALWAYS.includes(top) || SHOWN[what].includes(top) ? name : undefined;
  });

export function useScheduleForm(first: ScheduleForm) {
  const [form, setForm] = useState(first);
  const set = (change: Partial<ScheduleForm>) => setForm((current) => ({ ...current, ...change }));
  return { form, set };
}
