import type { StreamEvent } from "../claude/claude-stream.ts";
import type { StreamReader } from "../claude/claude.ts";
import type { Database } from "../db/database.ts";
import {
  recordToolCalls,
  recordToolResults,
  toolEvent,
  type ToolCallRow,
  type ToolResultRow,
} from "../hooks/command-log-queries.ts";
import { capText } from "../lib/text.ts";
import { toolSummary } from "../lib/tool-summary.ts";
import { markSteerSent } from "../messages/message-queries.ts";
import { appendEvents, type NewEvent } from "../sessions/event-queries.ts";
import { lockSession, updateSession } from "../sessions/session-queries.ts";
import { advanceAttempt, recordStart } from "./attempt-queries.ts";
import { fence, type Lease } from "./lease-queries.ts";

/** Live text is written this often at most; everything else at once. */
const TEXT_INTERVAL_MS = 300;
const MAX_ACTIVITY = 200;

interface Block {
  text: string;
  /** When its first letters were read. */
  at: Date;
  final: boolean;
  agent: string | null;
}

/** What has been read and is not in the ledger yet. */
const nothing = () => ({
  calls: [] as ToolCallRow[],
  results: [] as ToolResultRow[],
  events: [] as NewEvent[],
  texts: new Map<string, Block>(),
  taken: [] as string[],
  started: undefined as Extract<StreamEvent, { type: "started" }> | undefined,
  promptTaken: false,
  activity: undefined as string | undefined,
});

export type Recorder = ReturnType<typeof createRecorder>;

/**
 * Turns the lines of one attempt's stream into rows. The offset of the stream moves in the transaction that writes what
 * its lines said: whatever is killed, a line counts once. Live text is held back up to 300 ms, and its lines with it.
 */
export function createRecorder(
  { db, lease, stream }: { db: Database; lease: Lease; stream: StreamReader },
  { runId, sessionId, attempt }: { runId: string; sessionId: string; attempt: number },
) {
  const open = new Map<string, Block>();
  let pending = nothing();
  let read = 0;
  let written = 0;
  let writtenAt = 0;
  let urgent = false;
  let last = 0;

  /** The order of reading as times: no two moments are the same. */
  function moment(): Date {
    last = Math.max(last + 1, Date.now());
    return new Date(last);
  }

  function addText(event: Extract<StreamEvent, { type: "text" | "textDelta" }>): void {
    const key = `text:${event.messageId}:${event.block}`;
    const final = event.type === "text";
    const known = open.get(key);
    const before = known?.text ?? "";
    const block = {
      text: final ? event.text : capText(before + event.text),
      final,
      agent: event.agent,
      at: known?.at ?? moment(),
    };
    if (final) open.delete(key);
    else open.set(key, block);
    pending.texts.set(key, block);
    if (final && event.text.trim() !== "") pending.activity = firstLine(event.text);
    urgent ||= final;
  }

  function addEvent(event: StreamEvent): void {
    switch (event.type) {
      case "started":
        pending.started = event;
        break;
      case "promptTaken":
        pending.promptTaken = true;
        return;
      case "inputTaken":
        pending.taken.push(event.uuid);
        break;
      case "textDelta":
      case "text":
        return addText(event);
      case "toolCall":
        pending.calls.push({
          sessionId,
          runId,
          toolUseId: event.toolUseId,
          agentId: event.agent,
          tool: event.tool,
          input: event.input,
          at: moment(),
        });
        pending.activity = firstLine(`${event.tool} ${toolSummary(event.input)}`);
        break;
      case "toolResult":
        pending.results.push({ sessionId, toolUseId: event.toolUseId, result: event.result, status: statusOf(event) });
        break;
      case "retry":
        pending.activity = `${event.status === null ? "API not reachable" : `API ${event.status}`}, retry ${event.attempt} of ${event.maxRetries}`;
        pending.events.push({ type: "retry", key: `retry:${runId}`, runId, data: { ...event } });
        break;
      case "limit":
        if (event.status !== "allowed")
          pending.events.push({ type: "limit", key: `limit:${runId}`, runId, data: { ...event } });
        break;
      case "result":
        break;
    }
    urgent = true;
  }

  async function write(): Promise<void> {
    const batch = pending;
    const offset = read;
    const texts = [...batch.texts].map(([key, { at, ...data }]) => ({ type: "text" as const, key, runId, at, data }));
    await db.transaction().execute(async (tx) => {
      await fence(tx, lease);
      // The session's row before the tool calls' rows, as the hooks do: two witnesses of one call must not deadlock.
      await lockSession(tx, sessionId);
      const calls = batch.calls.length > 0 ? await recordToolCalls(tx, batch.calls) : [];
      const ended = batch.results.length > 0 ? await recordToolResults(tx, batch.results) : [];
      if (batch.started) await recordStart(tx, { runId, sessionId }, batch.started);
      for (const messageId of batch.taken) await markSteerSent(tx, messageId);
      await advanceAttempt(tx, { runId, attempt }, { streamOffset: offset, promptTaken: batch.promptTaken });
      if (batch.activity !== undefined) await updateSession(tx, sessionId, { activity: batch.activity });
      const events = [...calls.map(toolEvent), ...ended.map(toolEvent), ...batch.events, ...texts];
      if (events.length > 0) await appendEvents(tx, sessionId, events);
    });
    pending = nothing();
    urgent = false;
    written = offset;
    writtenAt = performance.now();
  }

  return {
    /** What the stream has told so far, for the verdict. */
    get evidence() {
      return stream.evidence;
    },
    /** How far the stream has been read; what is behind `written` counts again after a crash. */
    get offset(): number {
      return read;
    },

    /** Reads again, without writing, what an earlier process has recorded: open texts and results live in memory only. */
    remember(lines: readonly string[], offset: number): void {
      for (const line of lines) for (const event of stream.read(line)) addEvent(event);
      pending = nothing();
      urgent = false;
      read = offset;
      written = offset;
    },

    /** Takes lines in; writes them unless they are only live text that was written a moment ago. */
    async take(lines: readonly string[], offset: number): Promise<void> {
      for (const line of lines) for (const event of stream.read(line)) addEvent(event);
      read = offset;
      await this.settle();
    },

    /** Writes what is due: at once when it matters, live text after its interval. */
    async settle({ all = false } = {}): Promise<void> {
      const due = urgent || performance.now() - writtenAt >= TEXT_INTERVAL_MS;
      if (read > written && (all || due)) await write();
    },
  };
}

const firstLine = (text: string): string => {
  const line = text.trim().split("\n", 1)[0] ?? "";
  return line.length > MAX_ACTIVITY ? `${line.slice(0, MAX_ACTIVITY - 1)}…` : line;
};

const statusOf = ({ isError, denied }: { isError: boolean; denied: boolean }): ToolResultRow["status"] => {
  if (denied) return "denied";
  return isError ? "failed" : "succeeded";
};
