import type { Database } from "../db/database.ts";
import { findFilesUpTo, readMessageFile, type StoredFile } from "../messages/message-file-queries.ts";
import type { WorkspaceService } from "../workspaces/workspace-service.ts";

interface Parts {
  db: Database;
  workspaces: Pick<WorkspaceService, "putAttachments">;
}

/** How much of a message's id names the folder of its files. */
const SHORT = 8;
const folderOf = (messageId: string): string => messageId.slice(0, SHORT);

/**
 * Puts the files that people sent into the workspace, those of earlier messages too: an archived workspace comes back
 * without them. Returns what the prompt says of its own message's files; nothing when it brought none.
 */
export async function placeFiles({ db, workspaces }: Parts, run: { sessionId: string; messageId: string }) {
  const files = await findFilesUpTo(db, run);
  const kept = Map.groupBy(
    files.filter(({ isGone }) => !isGone),
    ({ messageId }) => messageId,
  );
  const messages = [...kept].map(([messageId, own]) => ({
    folder: folderOf(messageId),
    files: own.map(({ id, name }) => ({ name, read: () => readMessageFile(db, id) })),
  }));
  await workspaces.putAttachments(run.sessionId, messages);
  return told(files.filter(({ messageId }) => messageId === run.messageId));
}

function told(files: readonly StoredFile[]): string {
  if (files.length === 0) return "";
  const lines = files.map(({ messageId, name, mediaType, size, isGone }) =>
    isGone
      ? `- ${name} (no longer kept)`
      : `- .attachments/${folderOf(messageId)}/${name} (${mediaType}, ${size} bytes)`,
  );
  return `\n\nFiles that came with this message, in the workspace:\n${lines.join("\n")}`;
}
