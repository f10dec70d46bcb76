import { closeSync, fstatSync, openSync, read as readCallback } from "node:fs";
import { promisify } from "node:util";

const read = promisify(readCallback);

/** One read takes about this much, or one whole line when the line is longer. */
const CHUNK_BYTES = 1024 * 1024;
/** A longer line is skipped: no line of Claude that we use comes near it. */
export const MAX_LINE_BYTES = 32 * 1024 * 1024;
const NEWLINE = 0x0a;

export interface StreamChunk {
  lines: string[];
  /** Where the next read goes on: after the last complete line of this one. */
  offset: number;
  /** The file's size at this look; above `offset` when more is there or a line is not complete. */
  size: number;
}

/** Reads a file that another process appends to, in complete lines. A file that does not exist yet is empty. */
export function openStreamFile(path: string) {
  let fd: number | undefined;
  /** How far a line that begins at `start` has been searched for its end, so that no poll searches twice. */
  let searched = { start: 0, to: 0 };

  /** Bytes from `start` to just after the first newline at or after `start`; undefined while the line has no end. */
  async function longLine(file: number, start: number, size: number): Promise<number | undefined> {
    let at = searched.start === start ? Math.max(searched.to, start) : start;
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    while (at < size) {
      const { bytesRead } = await read(file, buffer, 0, CHUNK_BYTES, at);
      if (bytesRead === 0) break;
      const newline = buffer.subarray(0, bytesRead).indexOf(NEWLINE);
      if (newline !== -1) return at + newline + 1;
      at += bytesRead;
    }
    searched = { start, to: at };
    return undefined;
  }

  async function readLongLine(file: number, start: number, size: number): Promise<StreamChunk> {
    const end = await longLine(file, start, size);
    if (end === undefined) return { lines: [], offset: start, size };
    const bytes = end - start;
    if (bytes > MAX_LINE_BYTES) return { lines: [JSON.stringify({ type: "line_skipped", bytes })], offset: end, size };
    const whole = Buffer.allocUnsafe(bytes);
    await read(file, whole, 0, bytes, start);
    return { lines: [whole.toString("utf8", 0, bytes - 1)], offset: end, size };
  }

  return {
    /** Complete lines from `offset` on; with `end` (the start of a line), only those before it. */
    async read(offset: number, end: number = Number.MAX_SAFE_INTEGER): Promise<StreamChunk> {
      fd ??= openOrUndefined(path);
      if (fd === undefined) return { lines: [], offset, size: 0 };
      const size = Math.min(fstatSync(fd).size, end);
      if (size <= offset) return { lines: [], offset, size };
      const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, size - offset));
      const { bytesRead } = await read(fd, buffer, 0, buffer.length, offset);
      const last = buffer.subarray(0, bytesRead).lastIndexOf(NEWLINE);
      if (last === -1) return bytesRead < CHUNK_BYTES ? { lines: [], offset, size } : readLongLine(fd, offset, size);
      return { lines: buffer.toString("utf8", 0, last).split("\n"), offset: offset + last + 1, size };
    },
    close(): void {
      if (fd !== undefined) closeSync(fd);
      fd = undefined;
    },
  };
}

export type StreamFile = ReturnType<typeof openStreamFile>;

function openOrUndefined(path: string): number | undefined {
  try {
    return openSync(path, "r");
  } catch {
    return undefined;
  }
}
