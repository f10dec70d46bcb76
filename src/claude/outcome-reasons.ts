import type { RunReason } from "../contract/run.ts";
import type { Evidence } from "./claude-evidence.ts";
import type { ResultEvent } from "./claude-stream.ts";
import { quote } from "./quote.ts";
import { formTrouble } from "./structured-output.ts";

export interface Explanation {
  reason: RunReason;
  error: string;
  limitUntil: string | null;
}

type Found = { reason: RunReason; error: string; limitUntil?: string | null } | undefined;
type Rule = (evidence: Evidence, last: ResultEvent | undefined) => Found;

/** Why a run did not succeed: the first rule that knows. Order matters; what we did ourselves comes first. */
export function explain(evidence: Evidence, last: ResultEvent | undefined): Explanation {
  for (const rule of RULES) {
    const found = rule(evidence, last);
    if (found) return { limitUntil: null, ...found };
  }
  const said = lastWords(evidence, last);
  const error = `Claude ended with exit code ${evidence.exitCode}${said ? `: ${said}` : " and said nothing."}`;
  return { reason: "claude_error", error, limitUntil: null };
}

const ours: Rule = ({ ended, limits }) => {
  if (ended === "stopped") return { reason: "stopped", error: "The run was stopped. Send a message to go on." };
  if (ended === "timeout") {
    const limit = limits.timeoutSeconds === undefined ? "its time limit" : `${limits.timeoutSeconds} seconds`;
    return {
      reason: "timeout",
      error: `The run was ended after ${limit}. Raise timeoutSeconds, or send a message to go on.`,
    };
  }
  if (ended === "output_too_large") {
    return {
      reason: "output_too_large",
      error: "The run was ended because its output grew too large. Ask for less output at once, then go on.",
    };
  }
  return undefined;
};

const limits: Rule = ({ limits: { maxTurns, maxBudgetUsd } }, last) => {
  if (last?.subtype === "error_max_turns") {
    const limit = maxTurns ?? numberIn(last.errors);
    return {
      reason: "max_turns",
      error: `Claude reached the limit of ${limit ?? "its"} turns. Raise maxTurns, or send a message to go on.`,
    };
  }
  if (last?.subtype === "error_max_budget_usd") {
    const limit = maxBudgetUsd ?? numberIn(last.errors);
    return {
      reason: "budget",
      error: `Claude reached the budget of $${limit ?? "?"}. Raise maxBudgetUsd, or send a message to go on.`,
    };
  }
  return undefined;
};

const form: Rule = (evidence, last) => formTrouble(lastWords(evidence, last));

const unknownSession: Rule = (evidence, last) =>
  /No conversation found/i.test(lastWords(evidence, last))
    ? {
        reason: "unknown_claude_session",
        error:
          'Claude has no conversation with this id on this machine (deleted, or made with another account or folder of settings). Send the message again with restart: "summary" to go on in a new one.',
      }
    : undefined;

const notLoggedIn: Rule = (evidence, last) =>
  last?.apiErrorStatus === 401 ||
  /not logged in|failed to authenticate|please run \/login|invalid api key|OAuth token (?:has )?expired/i.test(
    lastWords(evidence, last),
  )
    ? {
        reason: "not_logged_in",
        error:
          "Claude is not logged in, or its key was refused. On the server run `claude` once and log in, or set ANTHROPIC_API_KEY (or CLAUDE_CODE_OAUTH_TOKEN) and restart.",
      }
    : undefined;

const usageLimit: Rule = ({ stream: { limit } }, last) => {
  if (!last?.isError) return undefined;
  const said = last.answer ?? "";
  const rejected = limit?.status === "rejected";
  const told = last.apiErrorStatus === 429 || /usage limit|hit your .*limit/i.test(said);
  return rejected || told ? limitReached(rejected ? limit.resetsAt : secondsIn(said), said) : undefined;
};

function limitReached(seconds: number | null, said: string): Found {
  const limitUntil = isoTime(seconds);
  const until = limitUntil ? ` It ends at ${limitUntil}.` : "";
  const error = `A usage limit of Claude was reached.${until} Send a message after that to go on.${quote(said)}`;
  return { reason: "usage_limit", error, limitUntil };
}

/** Some versions end the text with `|` and the second at which the limit ends. */
function secondsIn(said: string): number | null {
  const found = /\|(\d{10})\b/.exec(said)?.[1];
  return found === undefined ? null : Number(found);
}

const LAST_SECOND = 100_000_000_000;
const isoTime = (seconds: number | null): string | null =>
  seconds !== null && seconds > 0 && seconds < LAST_SECOND ? new Date(seconds * 1000).toISOString() : null;

const tooLong: Rule = (_, last) => {
  if (!last?.isError) return undefined;
  const said = last.answer ?? "";
  const refused =
    last.terminalReason === "blocking_limit" ||
    last.terminalReason === "prompt_too_long" ||
    last.apiErrorStatus === 413;
  if (!refused && !/prompt is too long|request too large/i.test(said)) return undefined;
  const error = `The message (with the conversation so far) is too long for the model. Send less at once, or start a new session.${quote(said)}`;
  return { reason: "prompt_refused", error };
};

const api: Rule = ({ stream: { retry } }, last) => {
  if (!last?.isError) return undefined;
  const said = last.answer ?? "";
  if (last.terminalReason !== "api_error" && !said.startsWith("API Error")) return undefined;
  const tried = retry ? ` Claude tried ${retry.attempt + 1} times.` : "";
  return apiTrouble(last.apiErrorStatus, tried, quote(said));
};

function apiTrouble(status: number | null, tried: string, said: string): Found {
  if (status === null) {
    const todo = "Check the network, the proxy and ANTHROPIC_BASE_URL, then send a message to try again.";
    return { reason: "api_unreachable", error: `The Claude API could not be reached.${tried} ${todo}${said}` };
  }
  if (status < 500)
    return { reason: "api_error", error: `The Claude API refused the request (status ${status}).${said}` };
  const todo = "This usually passes: send a message to try again.";
  return {
    reason: "api_overloaded",
    error: `The Claude API is overloaded or in trouble (status ${status}).${tried} ${todo}`,
  };
}

const REFUSALS: readonly { pattern: RegExp; reason: RunReason; error: string }[] = [
  {
    pattern: /cannot be used with root\/sudo/i,
    reason: "claude_error",
    error:
      "Claude refuses bypassPermissions under root. Run the server as an ordinary user, or in a container set IS_SANDBOX=1 and name it in CLAUDE_ENV_PASS.",
  },
  {
    pattern: /error: unknown option|argument .* is invalid/i,
    reason: "cli_unsupported",
    error:
      "The installed claude does not know an option that we use. Install the pinned version, or point CLAUDE_COMMAND at it.",
  },
  {
    pattern: /exceeds 10MB/i,
    reason: "prompt_refused",
    error: "The message is larger than Claude accepts. Send less at once.",
  },
  {
    pattern: /Error parsing streaming input/i,
    reason: "interrupted",
    error: "The server stopped before the message had reached Claude. Send it again.",
  },
  {
    pattern: /is already in use/i,
    reason: "claude_error",
    error:
      "Claude already has a conversation with this id, so it cannot be started anew. Send a message to continue it.",
  },
];

const refusals: Rule = (evidence, last) => {
  if (last) return undefined;
  const found = REFUSALS.find(({ pattern }) => pattern.test(evidence.stderr));
  return found && { reason: found.reason, error: `${found.error}${quote(evidence.stderr)}` };
};

const missing: Rule = ({ exitCode, stderr }, last) =>
  !last && (exitCode === 127 || exitCode === 126)
    ? {
        reason: "cli_missing",
        error: `The claude command could not be run. Install Claude Code or set CLAUDE_COMMAND.${quote(stderr)}`,
      }
    : undefined;

/** How unshare(1) ends when the process it watches over is killed: it wants to die of the same signal, and may not. */
const KILLED_INSIDE = /^unshare: sigprocmask unblock failed/m;

const wasKilled = ({ exitCode, stderr }: Evidence): boolean =>
  exitCode === 137 || (exitCode === 1 && KILLED_INSIDE.test(stderr));

/** Signals, and an end without a result: someone or something ended Claude from outside. */
const interrupted: Rule = (evidence, last) => {
  const { exitCode, stream } = evidence;
  if (exitCode === undefined) {
    return {
      reason: "interrupted",
      error: "Claude was killed, or the machine restarted, in the middle of the run. Send a message to go on.",
    };
  }
  if (wasKilled(evidence)) {
    return {
      reason: "interrupted",
      error:
        "Claude was killed in the middle of the run (perhaps the machine ran out of memory). Send a message to go on.",
    };
  }
  const aborted = last?.terminalReason?.startsWith("aborted_") === true;
  const silent = exitCode === 0 && (last === undefined || stream.openTurn);
  if (!aborted && !silent && exitCode < 128) return undefined;
  return {
    reason: "interrupted",
    error: `Claude was interrupted from outside (exit code ${exitCode}). Send a message to go on.`,
  };
};

const RULES: readonly Rule[] = [
  ours,
  limits,
  form,
  unknownSession,
  notLoggedIn,
  usageLimit,
  tooLong,
  api,
  missing,
  refusals,
  interrupted,
];

const MAX_LAST_WORDS = 2_000;

/** What Claude said last about its trouble. */
function lastWords({ stderr }: Evidence, last: ResultEvent | undefined): string {
  const said = last?.isError ? [last.answer ?? "", ...last.errors] : [];
  return [...said, stderr.trim()]
    .filter((text) => text !== "")
    .join("\n")
    .slice(0, MAX_LAST_WORDS);
}

function numberIn(errors: readonly string[]): string | undefined {
  return /\$?(\d+(?:\.\d+)?)/.exec(errors.join(" "))?.[1];
}
