import { AppError, toError } from "../lib/errors.ts";
import type { Logger } from "../lib/logger.ts";
import type { HookRow, HookStatement } from "./hook-queries.ts";

const MAX_BATCH_ROWS = 100;
/** JSON text of a batch; a bigger row goes alone. */
const MAX_BATCH_CHARS = 256 * 1024;
const MAX_WAITING_ROWS = 5_000;
const MAX_WAITING_CHARS = 64 * 1024 * 1024;

/** The data of a row is at fault (or two writers met in a deadlock): the others of the batch may well be written. */
const ROW_FAULT = /^(?:21|22|23|40|54)/u;

export interface HookWriterLimits {
  rows: number;
  chars: number;
}

interface Waiting {
  row: string;
  /** Two rows with the same one cannot stand in one statement. */
  claim: string;
  done: (home: boolean) => void;
  failed: (error: Error) => void;
}

export type HookWriter = ReturnType<typeof createHookWriter>;

/**
 * Writes hooks in batches without a timer: one statement is under way, and the next takes what has piled up meanwhile.
 * A lone hook is written at once. What a batch cannot store is tried row by row, so one bad row fails alone.
 */
export function createHookWriter(
  { statement, log }: { statement: HookStatement; log: Logger },
  limits: Partial<HookWriterLimits> = {},
) {
  const { rows: maxRows = MAX_WAITING_ROWS, chars: maxChars = MAX_WAITING_CHARS } = limits;
  const waiting: Waiting[] = [];
  let chars = 0;
  let working: Promise<void> | undefined;
  let closed = false;

  /** A row longer than the bound is taken when nothing else waits. */
  const hasRoom = (more: number): boolean =>
    waiting.length < maxRows && (chars + more <= maxChars || waiting.length === 0);

  async function work(): Promise<void> {
    for (let batch = take(); batch.length > 0; batch = take()) await writeBatch(batch);
    working = undefined;
  }

  /** The next batch, in the order of arrival; it ends before a row whose claim it holds already. */
  function take(): Waiting[] {
    const claims = new Set<string>();
    let size = 0;
    const end = waiting.findIndex(({ row, claim }, index) => {
      size += row.length;
      if (index >= MAX_BATCH_ROWS || (index > 0 && size > MAX_BATCH_CHARS) || claims.has(claim)) return true;
      claims.add(claim);
      return false;
    });
    const batch = waiting.splice(0, end === -1 ? waiting.length : end);
    for (const { row } of batch) chars -= row.length;
    return batch;
  }

  async function writeBatch(batch: readonly Waiting[]): Promise<void> {
    try {
      await write(batch);
    } catch (thrown) {
      const error = toError(thrown);
      if (batch.length === 1 || !isRowFault(error)) return batch.forEach((one) => one.failed(asAppError(error)));
      log.warn({ err: error, rows: batch.length }, "a batch of hooks failed and is written row by row");
      for (const one of batch) await writeBatch([one]);
    }
  }

  async function write(batch: readonly Waiting[]): Promise<void> {
    const strangers = new Set(await statement.record(`[${batch.map(({ row }) => row).join(",")}]`));
    batch.forEach((one, index) => one.done(!strangers.has(index + 1)));
  }

  return {
    /**
     * Resolves when the row is committed: true, or false when its session is gone or has another Claude id by now.
     * Rejects with "unavailable" when too much waits.
     */
    write(row: HookRow): Promise<boolean> {
      if (closed) return Promise.reject(new AppError("unavailable", "The server is stopping"));
      const text = JSON.stringify(row);
      if (!hasRoom(text.length))
        return Promise.reject(new AppError("unavailable", "Too many hooks are waiting to be written"));
      return new Promise((done, failed) => {
        waiting.push({ row: text, claim: claimOf(row), done, failed });
        chars += text.length;
        working ??= work();
      });
    },

    /** Takes nothing more and waits for what is under way. */
    async [Symbol.asyncDispose]() {
      closed = true;
      await working;
    },
  };
}

/** Changes of status are written one by one, so that the second sees what the first made of the session. */
const claimOf = ({ session_id, key, type, next_status }: HookRow): string =>
  next_status !== undefined && type !== "tool" ? `${session_id} turn` : `${session_id} ${key}`;

const codeOf = (error: Error): string => ("code" in error && typeof error.code === "string" ? error.code : "");

const isRowFault = (error: Error): boolean => ROW_FAULT.test(codeOf(error));

function asAppError(error: Error): AppError {
  if (codeOf(error).startsWith("40"))
    return new AppError("unavailable", "The hook met another writer; try again", { cause: error });
  return isRowFault(error)
    ? new AppError("invalid", "The database refuses this hook", { cause: error })
    : new AppError("unavailable", "The database cannot take hooks at the moment", { cause: error });
}
