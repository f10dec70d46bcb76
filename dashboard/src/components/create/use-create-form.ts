import { useState } from "react";
import type { z } from "zod";
import type { CreateSession, PermissionMode, ProjectType } from "../../../../src/contract/session.ts";

/** The form as it stands on screen; empty means "not set". */
export interface CreateForm {
  projectType: ProjectType;
  githubRepo: string;
  projectPath: string;
  branch: string;
  initialPrompt: string;
  title: string;
  tags: string[];
  model: string;
  permissionMode: PermissionMode | "";
  allowedTools: string[];
  disallowedTools: string[];
  maxBudgetUsd: string;
  maxTurns: string;
  timeoutMinutes: string;
  appendSystemPrompt: string;
}

const EMPTY: CreateForm = {
  projectType: "github",
  githubRepo: "",
  projectPath: "",
  branch: "",
  initialPrompt: "",
  title: "",
  tags: [],
  model: "",
  permissionMode: "",
  allowedTools: [],
  disallowedTools: [],
  maxBudgetUsd: "",
  maxTurns: "",
  timeoutMinutes: "",
  appendSystemPrompt: "",
};

const text = (value: string): string | undefined => value.trim() || undefined;
const list = (values: string[]): string[] | undefined => (values.length > 0 ? values : undefined);
/** A number as typed; what is none stays as it is, so that the server can say what is wrong with it. */
const number = (value: string, factor = 1): number | undefined =>
  value.trim() === "" ? undefined : Number(value) * factor;

type Body = z.input<typeof CreateSession>;

/** What is sent: only what was set, in the order the preview shows it. */
export function requestOf(form: CreateForm): Body {
  const github = form.projectType === "github";
  const all = {
    projectType: form.projectType,
    githubRepo: github ? text(form.githubRepo) : undefined,
    projectPath: github ? undefined : text(form.projectPath),
    branch: form.projectType === "local" ? undefined : text(form.branch),
    title: text(form.title),
    tags: list(form.tags),
    model: text(form.model),
    permissionMode: form.permissionMode || undefined,
    allowedTools: list(form.allowedTools),
    disallowedTools: list(form.disallowedTools),
    maxBudgetUsd: number(form.maxBudgetUsd),
    maxTurns: number(form.maxTurns),
    timeoutSeconds: number(form.timeoutMinutes, 60),
    appendSystemPrompt: text(form.appendSystemPrompt),
    initialPrompt: text(form.initialPrompt),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as Body;
}

/** The form's state; the last place that worked is where the next session begins. */
export function useCreateForm(first: Partial<CreateForm>) {
  const [form, setForm] = useState<CreateForm>({ ...EMPTY, ...first });
  const set = <K extends keyof CreateForm>(name: K, value: CreateForm[K]) =>
    setForm((current) => ({ ...current, [name]: value }));
  return { form, set };
}
