import type { StreamEvent } from "../claude/claude-stream.ts";
import type { ToolCallRow, ToolResultRow } from "../hooks/command-log-queries.ts";
import { capText } from "../lib/text.ts";
import { toolActivity } from "../lib/tool-summary.ts";
import type { NewEvent } from "../sessions/event-queries.ts";

const MAX_ACTIVITY = 200;

type Started = Extract<StreamEvent, { type: "started" }>;

/** One block of Claude's text, as far as it has been read. */
interface Block {
  text: string;
  /** When its first letters were read. */
  at: Date;
  final: boolean;
  agent: string | null;
}

/** What lines of the stream say that is not in the ledger yet. */
export interface StreamBatch {
  calls: ToolCallRow[];
  results: ToolResultRow[];
  events: NewEvent[];
  texts: Map<string, Block>;
  /** When each call was first read of, by its id. */
  toolsReadAt: Map<string, Date>;
  /** Messages of ours that Claude has taken in. */
  taken: string[];
  started: Started | undefined;
  promptTaken: boolean;
  activity: string | undefined;
  /** More than live text: worth writing at once. */
  urgent: boolean;
}

const emptyBatch = (): StreamBatch => ({
  calls: [],
  results: [],
  events: [],
  texts: new Map(),
  toolsReadAt: new Map(),
  taken: [],
  started: undefined,
  promptTaken: false,
  activity: undefined,
  urgent: false,
});

/** The order of reading as times: no two moments are the same. */
function createMoments(): () => Date {
  let last = 0;
  return () => new Date((last = Math.max(last + 1, Date.now())));
}

/** Collects what the events of one attempt's stream mean for the ledger, until it is taken to be written. */
export function createStreamBatches({ runId, sessionId }: { runId: string; sessionId: string }) {
  /** Blocks that still grow; they outlive the batches. */
  const open = new Map<string, Block>();
  let batch = emptyBatch();
  const moment = createMoments();

  function readOf(toolUseId: string): Date {
    const at = batch.toolsReadAt.get(toolUseId) ?? moment();
    batch.toolsReadAt.set(toolUseId, at);
    return at;
  }

  function addText(event: Extract<StreamEvent, { type: "text" | "textDelta" }>): void {
    const { text, agent } = event;
    const key = `text:${event.messageId}:${event.block}`;
    const final = event.type === "text";
    const known = open.get(key);
    const block = { text: final ? text : capText((known?.text ?? "") + text), final, agent, at: known?.at ?? moment() };
    if (final) open.delete(key);
    else open.set(key, block);
    batch.texts.set(key, block);
    if (final && text.trim() !== "") batch.activity = firstLine(text);
    batch.urgent ||= final;
  }

  function addCall({ toolUseId, tool, input, agent: agentId }: Extract<StreamEvent, { type: "toolCall" }>): void {
    batch.calls.push({ sessionId, runId, toolUseId, agentId, tool, input, at: readOf(toolUseId) });
    batch.activity = firstLine(toolActivity(tool, input));
  }

  function addResult(event: Extract<StreamEvent, { type: "toolResult" }>): void {
    const { toolUseId, result } = event;
    readOf(toolUseId);
    batch.results.push({ sessionId, toolUseId, result, status: statusOf(event) });
  }

  /** What is worth writing at once; live text and `promptTaken` are not. */
  function addUrgent(event: StreamEvent): void {
    batch.urgent = true;
    if (event.type === "started") batch.started = event;
    if (event.type === "inputTaken") batch.taken.push(event.uuid);
    if (event.type === "toolCall") addCall(event);
    if (event.type === "toolResult") addResult(event);
    if (event.type === "retry") {
      batch.activity = retryText(event);
      batch.events.push({ type: "retry", key: `retry:${runId}`, runId, data: { ...event } });
    }
    if (event.type === "limit" && event.status !== "allowed")
      batch.events.push({ type: "limit", key: `limit:${runId}`, runId, data: { ...event } });
  }

  return {
    add(event: StreamEvent): void {
      if (event.type === "promptTaken") batch.promptTaken = true;
      else if (event.type === "text" || event.type === "textDelta") addText(event);
      else addUrgent(event);
    },
    get urgent(): boolean {
      return batch.urgent;
    },
    /** What has been collected; the next batch begins empty once this one is written. */
    get collected(): StreamBatch {
      return batch;
    },
    clear(): void {
      batch = emptyBatch();
    },
  };
}

export const firstLine = (text: string): string => {
  const line = text.trim().split("\n", 1)[0] ?? "";
  return line.length > MAX_ACTIVITY ? `${line.slice(0, MAX_ACTIVITY - 1)}…` : line;
};

const retryText = ({ status, attempt, maxRetries }: Extract<StreamEvent, { type: "retry" }>): string =>
  `${status === null ? "API not reachable" : `API ${status}`}, retry ${attempt} of ${maxRetries}`;

const statusOf = ({ isError, denied }: { isError: boolean; denied: boolean }): ToolResultRow["status"] => {
  if (denied) return "denied";
  return isError ? "failed" : "succeeded";
};
