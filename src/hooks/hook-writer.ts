import { setImmediate as turn } from "node:timers/promises";
import { AppError, toError } from "../lib/errors.ts";
import type { Logger } from "../lib/logger.ts";
import { createHookBacklog, type BacklogLimits, type Waiting } from "./hook-backlog.ts";
import type { HookRow, HookStatement } from "./hook-queries.ts";

/** The data of a row is at fault, or its session is held by another writer: the others of the batch may well be written. */
const ROW_FAULT = /^(?:21|22|23|54)/u;
const HELD = /^(?:40|55)/u;

/**
 * Writes hooks in batches without a timer: one statement is under way, and the next takes what has piled up meanwhile.
 * A lone hook is written at once; those that come in the same turn of the event loop go together. What a batch cannot store is tried row by row, so one bad row fails alone.
 */
export function createHookWriter(
  { statement, log }: { statement: HookStatement; log: Logger },
  limits: Partial<BacklogLimits> = {},
) {
  const backlog = createHookBacklog(limits);
  let working: Promise<void> | undefined;
  let closed = false;

  async function work(): Promise<void> {
    await turn();
    for (let batch = backlog.take(); batch.length > 0; batch = backlog.take()) await writeBatch(batch);
    working = undefined;
  }

  async function writeBatch(batch: readonly Waiting[]): Promise<void> {
    try {
      await write(batch);
    } catch (thrown) {
      const error = toError(thrown);
      if (batch.length > 1 && (isRowFault(error) || isHeld(error))) return writeEach(batch, error);
      for (const one of batch) one.failed(asAppError(error));
    }
  }

  /** A row whose session is held is not waited for a second time: the rows of others would wait with it. */
  async function writeEach(batch: readonly Waiting[], error: Error): Promise<void> {
    log.warn({ err: error, rows: batch.length }, "a batch of hooks failed and is written row by row");
    const held = new Map<string, Error>();
    for (const one of batch) {
      try {
        const known = held.get(one.sessionId);
        if (known) throw known;
        await write([one]);
      } catch (thrown) {
        const cause = toError(thrown);
        if (isHeld(cause)) held.set(one.sessionId, cause);
        one.failed(asAppError(cause));
      }
    }
  }

  async function write(batch: readonly Waiting[]): Promise<void> {
    const strangers = new Set(await statement.record(`[${batch.map(({ text }) => text).join(",")}]`));
    batch.forEach((one, index) => one.done(!strangers.has(index + 1)));
  }

  return {
    /**
     * Resolves when the row is committed: true, or false when its session is gone or has another Claude id by now.
     * Rejects with "unavailable" when too much waits.
     */
    async write(row: HookRow): Promise<boolean> {
      if (closed) throw new AppError("unavailable", "The server is stopping");
      const written = backlog.add(row);
      if (!written) throw new AppError("unavailable", "Too many hooks are waiting to be written");
      working ??= work();
      return written;
    },

    /** Takes nothing more and waits for what is under way. */
    async [Symbol.asyncDispose]() {
      closed = true;
      await working;
    },
  };
}

const codeOf = (error: Error): string => ("code" in error && typeof error.code === "string" ? error.code : "");

const isRowFault = (error: Error): boolean => ROW_FAULT.test(codeOf(error));
const isHeld = (error: Error): boolean => HELD.test(codeOf(error));

function asAppError(error: Error): AppError {
  if (isRowFault(error)) return new AppError("invalid", "The database refuses this hook", { cause: error });
  if (isHeld(error))
    return new AppError("unavailable", "Another writer holds the session of this hook", { cause: error });
  return new AppError("unavailable", "The database cannot take hooks at the moment", { cause: error });
}
