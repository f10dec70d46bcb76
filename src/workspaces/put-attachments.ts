import { randomUUID } from "node:crypto";
import { lstat, open, readdir, rename, rm } from "node:fs/promises";
import { AppError, toError } from "../lib/errors.ts";
import { type OpenFolder, openFolder, openOrMakeFolder } from "./open-folder.ts";

/** Where, in a workspace, the files that people send lie. */
export const ATTACHMENTS = ".attachments";

/** The files of one message, and the folder below `.attachments` they belong in. */
export interface Attachments {
  folder: string;
  files: readonly { name: string; read(): Promise<Buffer | null> }[];
}

/** It ignores itself too: neither the agent's git nor ours sees these files, and no repository is changed for it. */
const IGNORE = "*\n";

/**
 * Puts the files of messages into a workspace, each message's into a folder of its own. What is there already stays as
 * it is, so it may be done again after a kill. No link is followed. AppError "upstream_failed" when it cannot be done.
 */
export async function putAttachments(workspace: string, messages: readonly Attachments[]): Promise<void> {
  if (messages.length === 0) return;
  try {
    await using root = await openFolder(workspace);
    await using all = await openOrMakeFolder(root, ATTACHMENTS);
    for (const { folder, files } of messages) {
      await using own = await openOrMakeFolder(all, folder);
      await removeParts(own);
      await putFile(own, ".gitignore", () => Promise.resolve(Buffer.from(IGNORE)));
      for (const { name, read } of files) await putFile(own, name, read);
    }
  } catch (error) {
    throw new AppError("upstream_failed", `The files could not be put into the workspace: ${explain(error)}`, {
      cause: error,
    });
  }
}

const PART = ".part-";

/** What a kill left half written; a session's workspace is prepared by one process at a time. */
async function removeParts(folder: OpenFolder): Promise<void> {
  const names = await readdir(folder.at("."));
  for (const name of names.filter((candidate) => candidate.startsWith(PART))) await rm(folder.at(name));
}

/** A file is there whole or not at all: it is written under another name first. */
async function putFile(folder: OpenFolder, name: string, read: () => Promise<Buffer | null>): Promise<void> {
  const there = await lstat(folder.at(name)).catch(() => undefined);
  if (there?.isFile()) return;
  if (there) throw new AppError("upstream_failed", `${ATTACHMENTS} holds something else under the name ${name}`);
  const content = await read();
  if (content === null) return;
  const part = folder.at(`${PART}${randomUUID()}`);
  try {
    const file = await open(part, "wx", 0o600);
    try {
      await file.writeFile(content);
    } finally {
      await file.close();
    }
    await rename(part, folder.at(name));
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

function explain(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ELOOP" || code === "ENOTDIR")
    return `${ATTACHMENTS}, or a folder in it, is a link or no folder; remove it and send the message again`;
  return toError(error).message;
}
