import type { RunResult } from "../contract/run-result.ts";
import type { Session } from "../contract/session.ts";
import type { AppError } from "../lib/errors.ts";
import { hasEnded } from "./session-follow.ts";
import { printable } from "./session-progress.ts";

/** What `session` and its subcommands end with. */
export const EXIT = { success: 0, failedRun: 1, usage: 2, unreachable: 3, goesOn: 4, interrupted: 130 } as const;

/** An error as an exit code: the server is away, or what was asked for is not possible. */
export const exitCodeOf = (error: AppError): number =>
  ["unavailable", "upstream_failed"].includes(error.code) ? EXIT.unreachable : EXIT.usage;

export const exitCodeOfRun = (result: RunResult): number => {
  if (!hasEnded(result)) return EXIT.goesOn;
  return result.status === "succeeded" ? EXIT.success : EXIT.failedRun;
};

/** An error for a person: the server's words, and the fields it names. */
export function errorText(error: AppError): string {
  const fields = error.errors.filter(({ message }) => !error.message.includes(message));
  return [error.message, ...fields.map(({ field, message }) => `  ${field} ${message}`)].join("\n");
}

const money = (costUsd: number | null): string => (costUsd === null ? "" : `, $${costUsd.toFixed(4)}`);
const duration = (ms: number | null): string => (ms === null ? "" : `, ${(ms / 1000).toFixed(1)} s`);
const changes = ({ diff }: RunResult): string =>
  diff === null || diff.files === 0 ? "" : `, ${diff.files} files +${diff.added} −${diff.removed}`;

/** One line about how a run ended, or that it did not. */
export function summaryOf(result: RunResult): string {
  const { status, reason, turns, sessionId } = result;
  if (!hasEnded(result)) return `The run goes on (${status}). Session ${sessionId}`;
  const how = status === "failed" && reason !== null ? `${status} (${reason})` : status;
  return `${how}${duration(result.durationMs)}${turns === null ? "" : `, ${turns} turns`}${money(result.costUsd)}${changes(result)} · session ${sessionId}`;
}

/** One line of a list: id, status, cost, title. */
export const sessionLine = ({ sessionId, status, costUsd, title, waitingFor }: Session): string =>
  [
    sessionId,
    status.padEnd(9),
    `$${costUsd.toFixed(2)}`.padStart(8),
    printable(title).replaceAll("\n", " ").slice(0, 80),
    ...(waitingFor ? [`(${printable(waitingFor.text)})`] : []),
  ].join("  ");
