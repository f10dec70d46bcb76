import type { JsonSchema } from "../contract/json-schema.ts";
import type { ResultEvent, StreamEvent } from "./claude-stream.ts";

/** What a life's stream has told so far about how it goes; `judge` needs all of it, from the stream's first line. */
export interface StreamEvidence {
  model: string | null;
  version: string | null;
  claudeSessionId: string | null;
  /** The model has seen the prompt: sending it again would say it twice. */
  promptTaken: boolean;
  results: readonly ResultEvent[];
  /** Something began after the last result, so that result does not tell the end. */
  openTurn: boolean;
  limit: { status: string; resetsAt: number | null; limitType: string } | null;
  retry: { attempt: number; maxRetries: number; status: number | null; error: string } | null;
}

/** All that is known when a life has ended. */
export interface Evidence {
  stream: StreamEvidence;
  /** Undefined when it was lost: it ended and nobody wrote down how. */
  exitCode: number | undefined;
  /** The end of what Claude wrote to stderr, secrets masked. */
  stderr: string;
  /** Why we ended it ourselves, if we did. */
  ended: "stopped" | "timeout" | "output_too_large" | null;
  limits: { maxTurns?: number | undefined; maxBudgetUsd?: number | undefined; timeoutSeconds?: number | undefined };
  /** The form the answer was wanted in. */
  jsonSchema?: JsonSchema | undefined;
  /** The session's cost as the run before reported it (`cumulativeCostUsd`); 0 for the first run. */
  previousCostUsd: number;
  /** What the session's runs before spent waiting for the API, all together: newer CLIs count that on, too. */
  previousApiMs?: number | undefined;
}

export const noEvidence: StreamEvidence = {
  model: null,
  version: null,
  claudeSessionId: null,
  promptTaken: false,
  results: [],
  openTurn: false,
  limit: null,
  retry: null,
};

/** Steering makes several results; more than these are folded into the first, so that nothing grows without end. */
const MAX_RESULTS = 100;

/** The evidence with one more event. Pure: after a restart, fold the stream from its first line again. */
export const addEvidence = (evidence: StreamEvidence, event: StreamEvent): StreamEvidence => ({
  ...evidence,
  ...learn(evidence, event),
});

function learn(evidence: StreamEvidence, event: StreamEvent): Partial<StreamEvidence> {
  switch (event.type) {
    case "started": {
      const { model, version, claudeSessionId } = event;
      return { model, version, claudeSessionId, openTurn: true };
    }
    case "promptTaken":
      return { promptTaken: true };
    case "text":
    case "toolCall":
      return { openTurn: true };
    case "retry":
      return { retry: event };
    case "limit":
      return { limit: event };
    case "result":
      return {
        promptTaken: evidence.promptTaken || !event.isError,
        openTurn: false,
        results: keep([...evidence.results, event]),
      };
    default:
      return {};
  }
}

function keep(results: ResultEvent[]): ResultEvent[] {
  const [first, second, ...rest] = results;
  if (first === undefined || second === undefined || results.length <= MAX_RESULTS) return results;
  return [addResults(first, second), ...rest];
}

/** Two results as one: what counts per turn adds up, the rest is the later one's. */
export function addResults(a: ResultEvent, b: ResultEvent): ResultEvent {
  const turnCostUsd =
    a.turnCostUsd === null && b.turnCostUsd === null ? null : (a.turnCostUsd ?? 0) + (b.turnCostUsd ?? 0);
  return {
    ...b,
    turns: a.turns + b.turns,
    durationMs: a.durationMs + b.durationMs,
    apiDurationMs: Math.max(a.apiDurationMs, b.apiDurationMs),
    firstTokenMs: a.firstTokenMs ?? b.firstTokenMs,
    totalCostUsd: Math.max(a.totalCostUsd, b.totalCostUsd),
    turnCostUsd,
    usage: {
      inputTokens: a.usage.inputTokens + b.usage.inputTokens,
      outputTokens: a.usage.outputTokens + b.usage.outputTokens,
      cacheReadInputTokens: a.usage.cacheReadInputTokens + b.usage.cacheReadInputTokens,
      cacheCreationInputTokens: a.usage.cacheCreationInputTokens + b.usage.cacheCreationInputTokens,
    },
    denials: [...a.denials, ...b.denials].slice(0, 200),
  };
}
