import type { Run, RunReason } from "../../../src/contract/run.ts";

interface ReasonWords {
  title: string;
  /** What a person can do about it, where the run itself does not say. */
  advice: string;
}

const GO_ON = "Send a message to go on from here.";

/** Every way a run can end, in words; the run's own error text comes on top. */
export const REASONS: Record<RunReason, ReasonWords> = {
  success: { title: "Done", advice: "" },
  claude_error: { title: "Claude ended with an error", advice: GO_ON },
  max_turns: {
    title: "Turn limit reached",
    advice: "Raise the limit (Edit, in the menu of the session) or send a message to go on.",
  },
  budget: {
    title: "Budget reached",
    advice: "Raise the budget (Edit, in the menu of the session), then send a message to go on.",
  },
  timeout: { title: "Time limit reached", advice: GO_ON },
  stopped: { title: "Stopped", advice: GO_ON },
  usage_limit: { title: "Usage limit reached", advice: "It opens again at the time told above." },
  api_overloaded: { title: "Model API overloaded", advice: "Send the message again in a few minutes." },
  api_unreachable: {
    title: "Model API not reachable",
    advice: "Check the network of the server, then send the message again.",
  },
  api_error: { title: "Model API error", advice: GO_ON },
  not_logged_in: {
    title: "Claude is not logged in",
    advice: "Run `claude` once on the server and log in, or set ANTHROPIC_API_KEY.",
  },
  cli_missing: { title: "Claude Code is not installed", advice: "Install it on the server or set CLAUDE_COMMAND." },
  cli_unsupported: { title: "Claude Code is too old", advice: "Update Claude Code on the server." },
  unknown_claude_session: {
    title: "Claude does not know this session any more",
    advice: "Its transcript is gone. Start anew with a summary of what was said here.",
  },
  prompt_refused: { title: "Prompt refused", advice: "Word the message differently and send it again." },
  output_too_large: { title: "Output too large", advice: GO_ON },
  invalid_output: { title: "Answer not in the wanted form", advice: GO_ON },
  workspace_failed: {
    title: "Workspace could not be prepared",
    advice: "Check the repository, the branch and the access to it.",
  },
  machine_lost: { title: "Machine lost", advice: GO_ON },
  interrupted: { title: "Interrupted", advice: "The server ended in the middle of it. Send a message to go on." },
};

const STATUS_WORDS: Record<Run["status"], string> = {
  queued: "Queued",
  running: "Running",
  waiting: "Waiting",
  succeeded: "Done",
  failed: "Failed",
  cancelled: "Stopped",
};

export function runWord(run: Pick<Run, "status" | "reason">): string {
  return run.status === "failed" && run.reason ? REASONS[run.reason].title : STATUS_WORDS[run.status];
}

/** The list's word for how the last run ended; unknown reasons are shown as they came. */
export function reasonTitle(reason: string | null): string {
  if (reason === null) return "";
  return (REASONS as Partial<Record<string, ReasonWords>>)[reason]?.title ?? reason.replaceAll("_", " ");
}
