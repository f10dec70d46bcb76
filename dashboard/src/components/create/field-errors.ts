import { ApiError } from "../../api/client.ts";
import type { CreateForm } from "./use-create-form.ts";

const NAMES: Partial<Record<string, keyof CreateForm>> = { timeoutSeconds: "timeoutMinutes" };

export type FieldErrors = Partial<Record<keyof CreateForm | "form", string>>;

/** What a problem document says, under the field it speaks of: `body.githubRepo` → `githubRepo`. */
export function fieldErrors(error: unknown, form: CreateForm): FieldErrors {
  if (!(error instanceof Error)) return {};
  const listed = error instanceof ApiError ? (error.problem?.errors ?? []) : [];
  const found: FieldErrors = {};
  for (const { field, message } of listed) {
    const name = field.replace(/^body\.?/u, "").split(/[.[]/u)[0] ?? "";
    const own = NAMES[name] ?? name;
    const key = own in form ? (own as keyof CreateForm) : "form";
    found[key] ??= message;
  }
  return listed.length > 0 ? found : { form: error.message };
}
