import { ApiError } from "../../api/client.ts";
import type { CreateForm } from "./use-create-form.ts";

const NAMES: Partial<Record<string, keyof CreateForm>> = { timeoutSeconds: "timeoutMinutes" };

export type FieldErrors = Partial<Record<keyof CreateForm | "form", string>>;

function fieldOf(path: string, form: CreateForm): keyof CreateForm | "form" {
  const name = path.replace(/^body\.?/u, "").split(/[.[]/u)[0] ?? "";
  const own = NAMES[name] ?? name;
  return own in form ? (own as keyof CreateForm) : "form";
}

/** What a problem document says, under the field it speaks of: `body.githubRepo` → `githubRepo`. */
export function fieldErrors(error: Error, form: CreateForm): FieldErrors {
  const listed = error instanceof ApiError ? (error.problem?.errors ?? []) : [];
  if (listed.length === 0) return { form: error.message };
  const found: FieldErrors = {};
  for (const { field, message } of listed) found[fieldOf(field, form)] ??= message;
  return found;
}
