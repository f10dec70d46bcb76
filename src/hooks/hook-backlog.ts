import type { HookRow } from "./hook-queries.ts";

const MAX_BATCH_ROWS = 100;
/** JSON text of a batch; a bigger row goes alone. */
const MAX_BATCH_CHARS = 256 * 1024;
const MAX_ROWS = 5_000;
const MAX_CHARS = 64 * 1024 * 1024;

export interface BacklogLimits {
  rows: number;
  chars: number;
}

/** A row that waits to be written, and who waits for it. */
export interface Waiting {
  text: string;
  sessionId: string;
  /** Two rows with the same one cannot stand in one statement. */
  claim: string;
  done: (home: boolean) => void;
  failed: (error: Error) => void;
}

/** The rows that wait, in the order of arrival, no more than the limits allow. */
export function createHookBacklog({ rows: maxRows = MAX_ROWS, chars: maxChars = MAX_CHARS }: Partial<BacklogLimits>) {
  const waiting: Waiting[] = [];
  let chars = 0;

  return {
    /** Resolves when the row is written; undefined when it is full. A row beyond the bound is taken when nothing else waits. */
    add(row: HookRow): Promise<boolean> | undefined {
      const text = JSON.stringify(row);
      if (waiting.length >= maxRows || (waiting.length > 0 && chars + text.length > maxChars)) return undefined;
      chars += text.length;
      return new Promise((done, failed) => {
        waiting.push({ text, sessionId: row.session_id, claim: claimOf(row), done, failed });
      });
    },

    /** The next batch; it ends before a row whose claim it holds already. */
    take(): Waiting[] {
      const claims = new Set<string>();
      let size = 0;
      const end = waiting.findIndex(({ text, claim }, index) => {
        size += text.length;
        if (index >= MAX_BATCH_ROWS || (index > 0 && size > MAX_BATCH_CHARS) || claims.has(claim)) return true;
        claims.add(claim);
        return false;
      });
      const batch = waiting.splice(0, end === -1 ? waiting.length : end);
      for (const { text } of batch) chars -= text.length;
      return batch;
    },
  };
}

/** Changes of status are written one by one, so that the second sees what the first made of the session. */
const claimOf = ({ session_id, key, type, next_status }: HookRow): string =>
  next_status !== undefined && type !== "tool" ? `${session_id} turn` : `${session_id} ${key}`;
