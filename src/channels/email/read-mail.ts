import { Worker } from "node:worker_threads";
import { AppError } from "../../lib/errors.ts";
import { createRoom } from "../../lib/room.ts";
import type { Mail } from "./mail.ts";
import type { OwnText } from "./quotes.ts";

const TIMEOUT_MS = 30_000;
const MAX_HEAP_MB = 512;
/** Of all mails that are being read at one time: parsing takes several times as much. */
const MAX_BYTES_AT_ONCE = 48 * 1024 ** 2;
/** The smallest mail counts as so large: a thread may take MAX_HEAP_MB whatever it reads. */
const LEAST_BYTES = MAX_BYTES_AT_ONCE / 3;
const room = createRoom(MAX_BYTES_AT_ONCE);

export interface ReadMail {
  mail: Mail;
  /** What its writer wrote, should it be a reply to one of our mails. */
  own: OwnText;
}

type Told = ReadMail | { trouble: string };

/**
 * Parses a raw mail within a time and a memory, whatever is in it; waits while others fill that memory. AppError
 * "invalid" when it does not succeed: the same mail will not do better the next time.
 */
export async function readMail(raw: Buffer, signal: AbortSignal, timeoutMs = TIMEOUT_MS): Promise<ReadMail> {
  using _ = await room.take(Math.max(raw.length, LEAST_BYTES), signal);
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
