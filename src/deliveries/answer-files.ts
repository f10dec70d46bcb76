import { MAX_FILE_BYTES, MAX_FILES, MAX_FILES_BYTES } from "../contract/message-file.ts";
import { safeFileNames } from "../lib/file-name.ts";
import { mediaTypeOf } from "../lib/media-type.ts";
import { createRoom } from "../lib/room.ts";
import { takeAttachLines } from "./attach-lines.ts";
import type { OutgoingFiles } from "./channel.ts";

/** Reads one file of a session's workspace, or says in words why not. */
type ReadFile = (sessionId: string, path: string, maxBytes: number) => Promise<{ content: Buffer } | { why: string }>;

const MIB = 1024 * 1024;
/** Of the files of all answers that are on their way at one time; their mails are about as much again. */
const MAX_BYTES_AT_ONCE = 2 * MAX_FILES_BYTES;

/** Files lie in memory: whoever is done with them gives the room back. */
export type HeldFiles = OutgoingFiles & Disposable;

/**
 * Reads what an answer of Claude's takes along: files of the workspace that its ATTACH lines name. Waits while the files
 * of other answers fill the memory set aside for them.
 */
export function createAnswerFiles({ readFile }: { readFile: ReadFile }) {
  const room = createRoom(MAX_BYTES_AT_ONCE);

  return async function readAnswerFiles(sessionId: string, answer: string, signal: AbortSignal): Promise<HeldFiles> {
    const { text, paths } = takeAttachLines(answer);
    if (paths.length === 0) return { text, files: [], refused: [], [Symbol.dispose]: () => {} };
    using holding = new DisposableStack();
    const taking = holding.use(await room.take(Math.min(paths.length * MAX_FILE_BYTES, MAX_FILES_BYTES), signal));
    const files = await readFiles(sessionId, { text, paths });
    taking.shrink(files.files.reduce((sum, { size }) => sum + size, 0));
    const held = holding.move();
    return { ...files, [Symbol.dispose]: () => held.dispose() };
  };

  async function readFiles(
    sessionId: string,
    { text, paths }: { text: string; paths: readonly string[] },
  ): Promise<OutgoingFiles> {
    const refused: OutgoingFiles["refused"] = [];
    const taken: { path: string; content: Buffer }[] = [];
    let left = MAX_FILES_BYTES;
    for (const path of paths) {
      const read = await readOne(path);
      if ("why" in read) refused.push({ path, why: read.why });
      else taken.push({ path, content: read.content });
    }
    const names = safeFileNames(taken.map(({ path }) => path));
    const files = taken.map(({ content }, index) => {
      const name = names[index] ?? "file";
      return { name, mediaType: mediaTypeOf(name), size: content.length, content };
    });
    return { text: text === "" ? named(names, refused) : text, files, refused };

    async function readOne(path: string): ReturnType<ReadFile> {
      if (taken.length >= MAX_FILES) return { why: `comes after the ${MAX_FILES} files that one answer may bring` };
      const read = await readFile(sessionId, path, MAX_FILE_BYTES);
      if ("why" in read) return read;
      if (read.content.length === 0) return { why: "is empty" };
      if (read.content.length > left)
        return { why: `is more than the ${MAX_FILES_BYTES / MIB} MiB that one answer may bring` };
      left -= read.content.length;
      return read;
    }
  }
}

/** An answer that is nothing but files still says something: chats refuse an empty text. */
const named = (names: readonly string[], refused: OutgoingFiles["refused"]): string =>
  [...names, ...refused.map(({ path }) => path)].join(", ");
