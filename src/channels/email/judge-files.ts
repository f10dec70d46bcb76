import { MAX_FILE_BYTES, MAX_FILES, MAX_FILES_BYTES } from "../../contract/message-file.ts";
import type { NewFile } from "../../messages/message-file-queries.ts";
import type { MailFile } from "./mail.ts";
import type { FileVerdict } from "./notice.ts";

const MIB = 1024 ** 2;

/** Which files of a mail go to the session, and a verdict for each of them. */
export function judgeFiles(files: readonly MailFile[]): { taken: NewFile[]; verdicts: FileVerdict[] } {
  const taken: NewFile[] = [];
  const verdicts: FileVerdict[] = [];
  let bytes = 0;
  for (const { name, mediaType, content } of files) {
    const size = content.length;
    const no = reasonAgainst({ size, count: taken.length, bytes });
    verdicts.push({ name, size, verdict: no?.verdict ?? "taken", why: no?.why ?? "" });
    if (no) continue;
    bytes += size;
    taken.push({ name, mediaType, content });
  }
  return { taken, verdicts };
}

function reasonAgainst({ size, count, bytes }: { size: number; count: number; bytes: number }) {
  if (size > MAX_FILE_BYTES) return { verdict: "too_large", why: `larger than ${MAX_FILE_BYTES / MIB} MiB` } as const;
  if (count >= MAX_FILES) return { verdict: "too_many", why: `one mail brings ${MAX_FILES} files at most` } as const;
  if (bytes + size > MAX_FILES_BYTES)
    return {
      verdict: "too_large",
      why: `the files of one mail may have ${MAX_FILES_BYTES / MIB} MiB together`,
    } as const;
  return undefined;
}
