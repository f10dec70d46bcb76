import { ApiError } from "../api/client.ts";

/** What is wrong, by the field of a form it stands under; `form` for what has no field there. */
export type FormErrors = Partial<Record<string, string>>;

/**
 * What a problem document says, by the field it speaks of. `fieldOf` turns a path of the API, such as `start.githubRepo`,
 * into the field that shows it, and into undefined when none does.
 */
export function problemErrors(error: Error, fieldOf: (path: string) => string | undefined): FormErrors {
  const listed = error instanceof ApiError ? (error.problem?.errors ?? []) : [];
  if (listed.length === 0) return { form: error.message };
  const found: FormErrors = {};
  for (const { field, message } of listed) {
    const path = field.replace(/^body\.?/u, "");
    const name = fieldOf(path);
    found[name ?? "form"] ??= name === undefined ? `${path || "The request"} ${message}` : message;
  }
  return found;
}
