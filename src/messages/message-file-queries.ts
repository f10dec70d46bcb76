import { sql, type Kysely } from "kysely";
import { MAX_FILE_BYTES, MAX_FILES, MAX_FILES_BYTES, type MessageFile } from "../contract/message-file.ts";
import type { DB } from "../db/schema.ts";
import { AppError } from "../lib/errors.ts";
import { safeFileNames } from "../lib/file-name.ts";

/** A file that comes with a message, as its sender names it. */
export interface NewFile {
  name: string;
  mediaType: string;
  content: Buffer;
}

const MIB = 1024 * 1024;
const MEDIA_TYPE = /^[\w!#$&^.+-]{1,60}\/[\w!#$&^.+-]{1,60}$/;

/** Throws AppError "too_large" when there are more files, or larger ones, than a message may bring. */
export function checkNewFiles(files: readonly NewFile[]): void {
  const sizes = files.map(({ content }) => content.length);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (files.length > MAX_FILES) throw new AppError("too_large", `A message may bring ${MAX_FILES} files at most`);
  if (sizes.some((size) => size > MAX_FILE_BYTES) || total > MAX_FILES_BYTES)
    throw new AppError(
      "too_large",
      `A file may have ${MAX_FILE_BYTES / MIB} MiB, and all files of a message ${MAX_FILES_BYTES / MIB} MiB together`,
    );
}

/** Keeps the files that came with a message, under safe names; in the transaction that writes the message. */
export async function insertMessageFiles(
  tx: Kysely<DB>,
  messageId: string,
  files: readonly NewFile[] = [],
): Promise<void> {
  checkNewFiles(files);
  const names = safeFileNames(files.map(({ name }) => name));
  for (const [index, { mediaType, content }] of files.entries())
    await tx
      .insertInto("messageFiles")
      .values({
        messageId,
        number: index + 1,
        name: names[index] ?? "file",
        mediaType: MEDIA_TYPE.test(mediaType) ? mediaType.toLowerCase() : "application/octet-stream",
        size: content.length,
        content,
      })
      .execute();
}

/** The files of messages without their bytes, as the API shows them, by message. */
export async function findMessageFiles(
  db: Kysely<DB>,
  messageIds: readonly string[],
): Promise<Map<string, MessageFile[]>> {
  if (messageIds.length === 0) return new Map();
  const rows = await db
    .selectFrom("messageFiles")
    .select(["messageId", "name", "mediaType", "size"])
    .where("messageId", "in", messageIds)
    .orderBy("messageId")
    .orderBy("number")
    .execute();
  const byMessage = Map.groupBy(rows, ({ messageId }) => messageId);
  return new Map([...byMessage].map(([id, files]) => [id, files.map(({ messageId: _, ...file }) => file)]));
}

export interface StoredFile extends MessageFile {
  id: string;
  messageId: string;
  /** Its bytes passed their lifetime. */
  isGone: boolean;
}

/** The files of what was said in a session up to a message, that one's included, oldest first. */
export const findFilesUpTo = (
  db: Kysely<DB>,
  { sessionId, messageId }: { sessionId: string; messageId: string },
): Promise<StoredFile[]> =>
  db
    .selectFrom("messageFiles as f")
    .innerJoin("sessionMessages as m", "m.id", "f.messageId")
    .select(["f.id", "f.messageId", "f.name", "f.mediaType", "f.size", sql<boolean>`f.content is null`.as("isGone")])
    .where("m.sessionId", "=", sessionId)
    .where("m.position", "<=", (eb) => eb.selectFrom("sessionMessages").select("position").where("id", "=", messageId))
    .orderBy("m.position")
    .orderBy("f.number")
    .execute();

/** The bytes of a file; null when they passed their lifetime. */
export const readMessageFile = async (db: Kysely<DB>, id: string): Promise<Buffer | null> =>
  (await db.selectFrom("messageFiles").select("content").where("id", "=", id).executeTakeFirst())?.content ?? null;
