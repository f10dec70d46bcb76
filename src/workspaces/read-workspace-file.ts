import { constants } from "node:fs";
import { type FileHandle, lstat, open, realpath } from "node:fs/promises";
import { isAbsolute, relative, sep } from "node:path";
import { AppError } from "../lib/errors.ts";
import { guardPath } from "./guard-path.ts";
import { type OpenFolder, openFolder } from "./open-folder.ts";
import type { WorkspaceRow } from "./workspace-queries.ts";

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;

/** What a file of a workspace holds, or why it is not given out, for a person. */
export type FileRead = { content: Buffer } | { why: string };

/** Reads a file of a session's workspace, which may be gone. */
export async function readFileOf(
  row: Pick<WorkspaceRow, "kind" | "state" | "path"> | undefined,
  path: string,
  maxBytes: number,
): Promise<FileRead> {
  if (row?.state === "archived" && row.kind !== "local")
    return { why: "is put away: the session was archived; send a message to bring its workspace back" };
  const facts = row && (await lstat(row.path).catch(() => undefined));
  if (!row || !facts?.isDirectory()) return { why: "cannot be reached: the workspace is not on this machine" };
  return readWorkspaceFile(row.path, path, maxBytes);
}

/**
 * Reads a regular file whose real path is inside the workspace. Links inside are followed, those that lead out are not,
 * nor one that is put in the way between looking and reading. Waits for nothing: pipes and devices are refused.
 */
export async function readWorkspaceFile(workspace: string, path: string, maxBytes: number): Promise<FileRead> {
  if (isAbsolute(path)) return { why: "must be a path relative to the workspace" };
  try {
    const root = await realpath(workspace);
    const inside = relative(root, await guardPath(root, path));
    if (inside === "") return { why: "is a folder" };
    const parts = inside.split(sep);
    if (parts.some((part) => part.toLowerCase() === ".git")) return { why: "belongs to git" };
    return await readParts(root, parts, maxBytes);
  } catch (error) {
    if (error instanceof AppError && error.code === "invalid") return { why: "is not inside the workspace" };
    const why = REASONS[codeOf(error)];
    if (why === undefined) throw error;
    return { why };
  }
}

const codeOf = (error: unknown): string => (error instanceof Error && "code" in error ? String(error.code) : "");

const CHANGED = "was changed while it was read";
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "does not exist",
  EACCES: "cannot be read",
  EPERM: "cannot be read",
  ENXIO: "is no regular file",
  EISDIR: "is a folder",
  ENODEV: "is no regular file",
  // The path was real a moment ago: what is a link now was put there.
  ELOOP: CHANGED,
  ENOTDIR: CHANGED,
};

/** Goes down from folder to folder, each looked up in the one that is open. */
async function readParts(root: string, parts: readonly string[], maxBytes: number): Promise<FileRead> {
  await using held = new AsyncDisposableStack();
  let folder: OpenFolder = held.use(await openFolder(root));
  for (const part of parts.slice(0, -1)) folder = held.use(await openFolder(folder.at(part)));
  const handle = await open(folder.at(parts.at(-1) ?? ""), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  held.defer(() => handle.close());
  const facts = await handle.stat();
  if (facts.isDirectory()) return { why: "is a folder" };
  if (!facts.isFile()) return { why: "is no regular file" };
  const content = facts.size > maxBytes ? undefined : await readAtMost(handle, maxBytes);
  return content ? { content } : { why: `is larger than ${Math.floor(maxBytes / MIB)} MiB` };
}

const MIB = 1024 * 1024;
const CHUNK = 64 * 1024;

/** Undefined when there is more: a file may grow while it is read, and some say that they are empty. */
async function readAtMost(handle: FileHandle, maxBytes: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let total = 0;
  for await (const chunk of handle.createReadStream({ autoClose: false, end: maxBytes, highWaterMark: CHUNK })) {
    chunks.push(chunk as Buffer);
    total += (chunk as Buffer).length;
  }
  return total > maxBytes ? undefined : Buffer.concat(chunks, total);
}
