import { parentPort, workerData } from "node:worker_threads";
import { toError } from "../../lib/errors.ts";
import { parseMail } from "./parse-mail.ts";
import { cutQuotes } from "./quotes.ts";
import { isForwarded } from "./subject.ts";

// A thread of its own for one mail: whatever the mail makes the parsers do, it can be ended.
const { raw } = workerData as { raw: Uint8Array };
try {
  const mail = await parseMail(Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength));
  parentPort?.postMessage({ mail, own: cutQuotes(mail.text, { forwarded: isForwarded(mail.subject) }) }, []);
} catch (error) {
  parentPort?.postMessage({ trouble: toError(error).message }, []);
}
