import type { Outcome } from "../../deliveries/channel.ts";
import { AppError, toError } from "../../lib/errors.ts";
import { ANSWER_LOST, isUnsent, NOT_SENT } from "./fetch-once.ts";

/** How a call to Slack failed, by what can be known. */
export type Failure =
  /** Slack said no; it did nothing. */
  | { is: "said"; code: string; detail: string }
  /** It did nothing, and says when to come again. */
  | { is: "limited"; retryAfterMs: number }
  /** The call did not reach it. */
  | { is: "unsent"; detail: string }
  /** It may have done it. */
  | { is: "unknown"; detail: string };

/** What it answers when it may have done a part of the work. */
const UNSURE: ReadonlySet<string> = new Set([ANSWER_LOST, "internal_error", "fatal_error", "request_timeout"]);

const field = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null && name in value ? (value as Record<string, unknown>)[name] : undefined;

/** Slack's own words beside its code, which name the block or argument it does not like. */
function detailOf(data: unknown): string {
  const messages = field(field(data, "response_metadata"), "messages");
  return Array.isArray(messages) ? messages.map(String).join("; ").slice(0, 300) : "";
}

export function failureOf(error: unknown): Failure {
  const retryAfter = field(error, "retryAfter");
  if (typeof retryAfter === "number") return { is: "limited", retryAfterMs: retryAfter * 1_000 };
  const data = field(error, "data");
  const code = field(data, "error");
  if (typeof code === "string") {
    if (field(data, "why") === NOT_SENT) return { is: "unsent", detail: "no connection to Slack" };
    if (code === "ratelimited") return { is: "limited", retryAfterMs: 1_000 };
    return UNSURE.has(code) ? { is: "unknown", detail: code } : { is: "said", code, detail: detailOf(data) };
  }
  if (isUnsent(error)) return { is: "unsent", detail: "no connection to Slack" };
  return { is: "unknown", detail: toError(error).message };
}

/** Slack's code for a refusal; undefined when it did not refuse. */
export function refusalOf(error: unknown): string | undefined {
  const failure = failureOf(error);
  return failure.is === "said" ? failure.code : undefined;
}

/** What a person can mend within the day in which a delivery is tried again, and how. */
const MENDABLE: Readonly<Record<string, string>> = {
  not_in_channel: "the app is not in the channel: invite it with /invite",
  missing_scope: "the app lacks a scope: run `claude-orchestrator doctor`",
  invalid_auth: "the token is not valid: install the app again",
  not_authed: "there is no token",
  account_inactive: "the app was removed from the workspace: install it again",
  token_revoked: "the token was revoked: install the app again",
  token_expired: "the token has expired: install the app again",
  ekm_access_denied: "the workspace's administrators suspended it",
  access_denied: "the workspace's administrators suspended it",
  service_unavailable: "Slack is not available",
  team_added_to_org: "the workspace is being moved",
};

/** What a failed attempt means for its delivery. */
export function outcomeOf(error: unknown): Outcome {
  if (error instanceof AppError)
    return { is: error.code === "not_found" ? "refused" : "not_now", error: error.message };
  const failure = failureOf(error);
  switch (failure.is) {
    case "limited":
      return { is: "not_now", error: "Slack asked us to slow down", retryAfterMs: failure.retryAfterMs, status: 429 };
    case "unsent":
      return { is: "not_now", error: `Slack could not be reached: ${failure.detail}` };
    case "unknown":
      return { is: "unknown", error: `The answer of Slack was lost: ${failure.detail}` };
    default: {
      const mend = MENDABLE[failure.code];
      if (mend !== undefined) return { is: "not_now", error: `Slack answered ${failure.code}: ${mend}` };
      const detail = failure.detail === "" ? "" : ` (${failure.detail})`;
      return { is: "refused", error: `Slack answered ${failure.code}${detail}` };
    }
  }
}
