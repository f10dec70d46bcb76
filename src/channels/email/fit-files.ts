import type { OutgoingFile } from "../../deliveries/channel.ts";

const MIB = 1024 ** 2;
/** Most servers take mails of 25 MB; base64 makes three bytes four. */
const MAX_FILES_BYTES = 17 * MIB;

/** The files that fit into one mail, in their order, and a sentence for each that does not. */
export function fitFiles(all: readonly OutgoingFile[]): { files: OutgoingFile[]; notes: string[] } {
  const files: OutgoingFile[] = [];
  const notes: string[] = [];
  let left = MAX_FILES_BYTES;
  for (const file of all) {
    if (file.size <= left) {
      files.push(file);
      left -= file.size;
    } else {
      notes.push(
        `Not attached: ${file.name} (${(file.size / MIB).toFixed(1)} MiB) is too large for a mail; it is in the workspace.`,
      );
    }
  }
  return { files, notes };
}
