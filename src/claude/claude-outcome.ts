import type { PermissionDenial, RunReason, Usage } from "../contract/run.ts";
import type { Json } from "../lib/text.ts";
import { addResults, type Evidence } from "./claude-evidence.ts";
import type { ResultEvent } from "./claude-stream.ts";
import { compareVersions, PINNED_VERSION } from "./claude-version.ts";
import { explain } from "./outcome-reasons.ts";
import { readStructuredOutput } from "./structured-output.ts";

export interface Outcome {
  reason: RunReason;
  /** What happened and what to do, for a person; null on success. */
  error: string | null;
  answer: string | null;
  /** The answer in the wanted form, checked; null when none was wanted, or the run did not succeed. */
  structuredOutput: Json;
  /** Of this run only; null when Claude ended without telling. */
  costUsd: number | null;
  /** What the next run of this session needs as `previousCostUsd`. */
  cumulativeCostUsd: number;
  usage: Usage | null;
  model: string | null;
  version: string | null;
  turns: number | null;
  durationMs: number | null;
  apiDurationMs: number | null;
  firstTokenMs: number | null;
  denials: PermissionDenial[];
  /** When a usage limit ends, ISO 8601; null when it is not one or Claude did not say. */
  limitUntil: string | null;
}

/** What a run that succeeded adds. */
const success = { reason: "success", error: null, limitUntil: null } as const;
const untold = { usage: null, turns: null, durationMs: null, apiDurationMs: null, firstTokenMs: null, denials: [] };

/** How a run ended, from what it left behind. Success only with exit code 0, a last result of success, and no error in it. */
export function judge(evidence: Evidence): Outcome {
  const { model, version, results } = evidence.stream;
  const last = results.at(-1);
  const formed = succeeded(evidence, last) ? readStructuredOutput(evidence.jsonSchema, last) : undefined;
  const explained = formed ? { ...success, ...formed } : { structuredOutput: null, ...explain(evidence, last) };
  const total = results.length === 0 ? undefined : results.reduce(addResults);
  const costUsd = total ? costOf(total, evidence) : null;
  return {
    ...explained,
    answer: answerOf(last),
    costUsd,
    cumulativeCostUsd: evidence.previousCostUsd + (costUsd ?? 0),
    model,
    version,
    ...(total ? told(total, evidence) : untold),
  };
}

function told({ usage, turns, durationMs, apiDurationMs, firstTokenMs, denials }: ResultEvent, evidence: Evidence) {
  const before = countsOn(evidence) ? (evidence.previousApiMs ?? 0) : 0;
  return { usage, turns, durationMs, apiDurationMs: Math.max(0, apiDurationMs - before), firstTokenMs, denials };
}

const answerOf = (last: ResultEvent | undefined): string | null =>
  last === undefined || last.isError || last.answer === "" ? null : last.answer;

function succeeded({ stream, exitCode }: Evidence, last: ResultEvent | undefined): boolean {
  return exitCode === 0 && last?.subtype === "success" && !last.isError && !stream.openTurn;
}

function costOf(total: ResultEvent, evidence: Evidence): number {
  if (total.turnCostUsd !== null) return total.turnCostUsd;
  return countsOn(evidence) ? Math.max(0, total.totalCostUsd - evidence.previousCostUsd) : total.totalCostUsd;
}

/** Older CLIs count from the start of their process, newer ones from the start of the conversation. */
const countsOn = ({ stream }: Evidence): boolean =>
  compareVersions(stream.version ?? PINNED_VERSION, PINNED_VERSION) >= 0;
