import type { StreamReader } from "../claude/claude.ts";
import type { Database, Transaction } from "../db/database.ts";
import { recordToolCalls, recordToolResults, toolEvent, type CommandLogRow } from "../hooks/command-log-queries.ts";
import { markSteerSent } from "../messages/message-queries.ts";
import { appendEvents, type NewEvent } from "../sessions/event-queries.ts";
import { lockSession, updateSession } from "../sessions/session-queries.ts";
import { advanceAttempt, recordStart } from "./attempt-queries.ts";
import { fence, type Lease } from "./lease-queries.ts";
import { createStreamBatches, type StreamBatch } from "./stream-batch.ts";

/** Live text is written this often at most; everything else at once. */
const TEXT_INTERVAL_MS = 300;

interface Place {
  runId: string;
  sessionId: string;
  attempt: number;
}

export type Recorder = ReturnType<typeof createRecorder>;

/**
 * Turns the lines of one attempt's stream into rows. The offset of the stream moves in the transaction that writes what
 * its lines said: whatever is killed, a line counts once. Live text is held back up to 300 ms, and its lines with it.
 */
export function createRecorder(
  { db, lease, stream }: { db: Database; lease: Lease; stream: StreamReader },
  place: Place,
) {
  const batches = createStreamBatches(place);
  let read = 0;
  let written = 0;
  let writtenAt = 0;

  function readLines(lines: readonly string[], offset: number): void {
    for (const line of lines) for (const event of stream.read(line)) batches.add(event);
    read = offset;
  }

  async function write(): Promise<void> {
    await db.transaction().execute(async (tx) => {
      await fence(tx, lease);
      await writeBatch(tx, place, { batch: batches.collected, streamOffset: read });
    });
    batches.clear();
    written = read;
    writtenAt = performance.now();
  }

  /** Writes what is due: at once when it matters, live text after its interval. */
  async function settle({ all = false } = {}): Promise<void> {
    const due = all || batches.urgent || performance.now() - writtenAt >= TEXT_INTERVAL_MS;
    if (read > written && due) await write();
  }

  return {
    settle,
    /** What the stream has told so far, for the verdict. */
    get evidence() {
      return stream.evidence;
    },
    /** How far the stream has been read. */
    get offset(): number {
      return read;
    },
    /** Reads again, without writing, what an earlier process has recorded: open texts and results live in memory only. */
    remember(lines: readonly string[], offset: number): void {
      readLines(lines, offset);
      batches.clear();
      written = offset;
    },
    /** Takes lines in; writes them unless they are only live text that was written a moment ago. */
    async take(lines: readonly string[], offset: number): Promise<void> {
      readLines(lines, offset);
      await settle();
    },
  };
}

async function writeBatch(
  tx: Transaction,
  { runId, sessionId, attempt }: Place,
  { batch, streamOffset }: { batch: StreamBatch; streamOffset: number },
): Promise<void> {
  const { promptTaken, started, activity } = batch;
  // The session's row before the tool calls' rows, as the hooks do: two witnesses of one call must not deadlock.
  await lockSession(tx, sessionId);
  const calls = await recordToolCalls(tx, batch.calls);
  const ended = await recordToolResults(tx, batch.results);
  if (started) await recordStart(tx, { runId, sessionId }, started);
  for (const messageId of batch.taken) await markSteerSent(tx, messageId);
  await advanceAttempt(tx, { runId, attempt }, { streamOffset, promptTaken });
  if (activity !== undefined) await updateSession(tx, sessionId, { activity });
  const events = [...saidIn(batch, runId, [...calls, ...ended]), ...batch.events];
  if (events.length > 0) await appendEvents(tx, sessionId, events);
}

/** Texts and calls that were read together, in the order in which Claude said them. */
function saidIn(batch: StreamBatch, runId: string, calls: readonly CommandLogRow[]): NewEvent[] {
  const texts = [...batch.texts].map(([key, { at, ...data }]) => ({
    readAt: at,
    event: { type: "text" as const, key, runId, at, data },
  }));
  const tools = calls.map((row) => ({
    readAt: batch.toolsReadAt.get(row.toolUseId ?? "") ?? row.timestamp,
    event: toolEvent(row),
  }));
  return [...texts, ...tools].toSorted((a, b) => a.readAt.getTime() - b.readAt.getTime()).map(({ event }) => event);
}
