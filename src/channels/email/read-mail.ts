import { Worker } from "node:worker_threads";
import { AppError } from "../../lib/errors.ts";
import type { Mail } from "./mail.ts";
import type { OwnText } from "./quotes.ts";

const TIMEOUT_MS = 30_000;
const MAX_HEAP_MB = 512;

export interface ReadMail {
  mail: Mail;
  /** What its writer wrote, should it be a reply to one of our mails. */
  own: OwnText;
}

type Told = ReadMail | { trouble: string };

/**
 * Parses a raw mail within a time and a memory, whatever is in it. AppError "invalid" when that does not succeed: the
 * same mail will not do better the next time.
 */
export async function readMail(raw: Buffer, signal: AbortSignal, timeoutMs = TIMEOUT_MS): Promise<ReadMail> {
  signal.throwIfAborted();
  const worker = new Worker(new URL("./mail-worker.ts", import.meta.url), {
    workerData: { raw },
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
  });
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  const told = Promise.withResolvers<Told>();
  worker.once("message", told.resolve);
  worker.once("error", (error: Error) => told.resolve({ trouble: error.message }));
  worker.once("exit", () => told.resolve({ trouble: "its reading ended early" }));
  const giveUp = () => told.resolve({ trouble: `reading it takes longer than ${timeoutMs / 1000} s` });
  limit.addEventListener("abort", giveUp, { once: true });
  try {
    const answer = await told.promise;
    signal.throwIfAborted();
    if ("trouble" in answer) throw new AppError("invalid", answer.trouble);
    return { ...answer, mail: { ...answer.mail, files: answer.mail.files.map(withBuffer) } };
  } finally {
    limit.removeEventListener("abort", giveUp);
    await worker.terminate();
  }
}

/** Between threads a Buffer becomes plain bytes. */
const withBuffer = (file: Mail["files"][number]): Mail["files"][number] => ({
  ...file,
  content: Buffer.from(file.content.buffer, file.content.byteOffset, file.content.byteLength),
});
