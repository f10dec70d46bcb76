import { AppError } from "../../lib/errors.ts";

/** Events are JSON; interactions are a form with JSON in `payload`; slash commands are a form. */
export function readSlackBody(body: string, contentType: string): unknown {
  if (!contentType.toLowerCase().startsWith("application/x-www-form-urlencoded")) return parse(body);
  const form = new URLSearchParams(body);
  const payload = form.get("payload");
  return payload === null ? Object.fromEntries(form) : parse(payload);
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch (error) {
    throw new AppError("invalid", "The body is not JSON", { cause: error });
  }
}
