import type { z } from "zod";
import type { ProjectType } from "../../../../src/contract/session.ts";
import type { CreateTemplate, Template, TemplateVariable } from "../../../../src/contract/template.ts";
import { type FormErrors, problemErrors } from "../../lib/problem-errors.ts";

/** The form as it stands on screen; empty means "not set". */
export interface TemplateForm {
  name: string;
  description: string;
  place: ProjectType | "open";
  githubRepo: string;
  projectPath: string;
  prompt: string;
  /** Of variables, by name. */
  defaults: Readonly<Record<string, string>>;
}

const EMPTY: TemplateForm = {
  name: "",
  description: "",
  place: "github",
  githubRepo: "",
  projectPath: "",
  prompt: "",
  defaults: {},
};

export function formOf(template: Template | undefined): TemplateForm {
  if (!template) return EMPTY;
  const { name, description, variables, session } = template;
  const { projectType: place = "open", githubRepo = "", projectPath = "", initialPrompt: prompt = "" } = session;
  const defaults: Record<string, string> = {};
  for (const [key, { default: preset }] of Object.entries(variables)) if (preset !== undefined) defaults[key] = preset;
  return { name, description: description ?? "", place, githubRepo, projectPath, prompt, defaults };
}

const VARIABLE = /\\\{\{|\{\{\s*([A-Za-z]\w{0,63})\s*\}\}/gu;

/** The names that stand in the texts in braces, each once, in their order. */
export const variablesIn = (...texts: string[]): string[] => [
  ...new Set(texts.flatMap((text) => [...text.matchAll(VARIABLE)].flatMap(([, name]) => name ?? []))),
];

/** What is declared of a variable: its default, and what a program said of it before. */
function declared(preset: string | undefined, before: TemplateVariable | undefined): TemplateVariable {
  const { default: _default, required, ...kept } = before ?? {};
  if (preset) return { ...kept, default: preset };
  return required === false ? { ...kept, required } : kept;
}

function sessionOf(form: TemplateForm, before: Template["session"]): Template["session"] {
  const { projectType: _t, githubRepo: _g, projectPath: _p, initialPrompt: _i, ...kept } = before;
  const { place, githubRepo, projectPath, prompt } = form;
  const text = prompt.trim() === "" ? {} : { initialPrompt: prompt };
  if (place === "open") return { ...kept, ...text };
  const where = place === "github" ? { githubRepo } : { projectPath };
  return { ...kept, projectType: place, ...where, ...text };
}

/** What is sent: all of a template, with what a program set beside the fields of this form. */
export function requestOf(form: TemplateForm, before: Template | undefined): z.input<typeof CreateTemplate> {
  const session = sessionOf(form, before?.session ?? {});
  const names = variablesIn(session.initialPrompt ?? "", session.title ?? "");
  const description = form.description.trim();
  return {
    name: form.name,
    ...((before ?? description) && { description }),
    variables: Object.fromEntries(names.map((name) => [name, declared(form.defaults[name], before?.variables[name])])),
    session,
  };
}

const FIELDS: Partial<Record<string, string>> = {
  name: "name",
  description: "description",
  "session.githubRepo": "githubRepo",
  "session.projectPath": "projectPath",
  "session.initialPrompt": "prompt",
};

export const errorsOf = (error: Error): FormErrors => problemErrors(error, (path) => FIELDS[path]);
