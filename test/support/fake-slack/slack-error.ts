import type { Json } from "./state.ts";

/** What Slack answers instead: `{ ok: false, error: code, ...more }`. */
export class SlackError extends Error {
  override readonly name = "SlackError";
  readonly code: string;
  readonly more: Json;
  constructor(code: string, more: Json = {}) {
    super(code);
    this.code = code;
    this.more = more;
  }
}
