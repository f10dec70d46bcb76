import type { CommandLog } from "../contract/command-log.ts";
import type { RunResult } from "../contract/run-result.ts";
import type { Session } from "../contract/session.ts";
import { toolActivity } from "../lib/tool-summary.ts";
import { hasEnded } from "./session-follow.ts";

const MAX_ANSWER = 60_000;

const cut = (text: string): string =>
  text.length <= MAX_ANSWER ? text : `${text.slice(0, MAX_ANSWER)}\n[cut: ${text.length - MAX_ANSWER} more characters]`;

/** What became of a run, in the fields another Claude needs. */
export const resultFacts = (result: RunResult) => ({
  sessionId: result.sessionId,
  runId: result.runId,
  status: result.status,
  ended: hasEnded(result),
  reason: result.reason,
  answer: result.answer === null ? null : cut(result.answer),
  structuredOutput: result.structuredOutput,
  error: result.error,
  costUsd: result.costUsd,
  turns: result.turns,
  durationMs: result.durationMs,
  diff: result.diff,
  dashboard: result.links.dashboard,
});

/** The same in words; the first line says what to do next. */
export function resultText(result: RunResult): string {
  const ids = `sessionId ${result.sessionId}, runId ${result.runId}`;
  if (!hasEnded(result))
    return `Not finished yet (${result.status}). It goes on by itself; call get_result with this runId to wait for it. ${ids}`;
  const { diff } = result;
  const changed = diff && diff.files > 0 ? `Changed ${diff.files} files (+${diff.added} −${diff.removed}). ` : "";
  const how =
    result.status === "succeeded" ? "Finished." : `Ended without success: ${result.status} (${result.reason}).`;
  return [`${how} ${changed}${ids}`, result.error ?? "", result.answer === null ? "" : cut(result.answer)]
    .filter((part) => part !== "")
    .join("\n\n");
}

/** Where a session stands, in the fields another Claude needs. */
export const sessionFacts = (session: Session) => ({
  sessionId: session.sessionId,
  title: session.title,
  status: session.status,
  waitingFor: session.waitingFor?.text ?? null,
  waitsUntil: session.waitingFor?.until ?? null,
  activity: session.activity,
  costUsd: session.costUsd,
  runCount: session.runCount,
  updatedAt: session.updatedAt,
});

const sessionText = (session: Session): string =>
  [
    `${session.sessionId}  ${session.status}  ${session.title}`,
    session.waitingFor ? `waiting: ${session.waitingFor.text}` : "",
    session.activity === null ? "" : `latest: ${session.activity}`,
  ]
    .filter((part) => part !== "")
    .join("\n  ");

/** A session with its latest tool calls, oldest first. */
export function statusText(session: Session, calls: readonly CommandLog[]): string {
  const lines = calls.toReversed().map((call) => `  ${call.status}  ${toolActivity(call.tool, call.input)}`);
  return [sessionText(session), ...(lines.length > 0 ? ["Latest tool calls:", ...lines] : [])].join("\n");
}

export const listText = (sessions: readonly Session[]): string =>
  sessions.length === 0 ? "No sessions." : sessions.map(sessionText).join("\n");
