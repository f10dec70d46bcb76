import type { OutgoingFile } from "../../deliveries/channel.ts";
import { AppError } from "../../lib/errors.ts";
import { findOurs } from "./our-messages.ts";
import { safeTitle } from "./safe-text.ts";
import type { Sending } from "./send-parts.ts";
import { beginPart, findPart, forgetPart, settlePart } from "./sent-queries.ts";
import { didNothing, limiterKey, speak } from "./slack-sending.ts";

const UPLOAD_MS = 30_000;
const MAX_NAME = 200;

interface Uploaded {
  id: string;
  title: string;
}

/** Gives Slack a file's bytes; nobody sees it yet. The address it names needs no token, and gets none. */
async function upload({ spot, signal }: Sending, { name, content }: OutgoingFile): Promise<Uploaded> {
  const { background } = spot.team;
  const title = safeTitle(name, MAX_NAME) || "file";
  const { upload_url: url, file_id: id } = await background.files.getUploadURLExternal({
    filename: title,
    length: content.length,
  });
  if (url === undefined || id === undefined) throw new AppError("upstream_failed", "Slack named no place for a file");
  const answer = await fetch(url, {
    method: "POST",
    body: new Uint8Array(content),
    redirect: "error",
    signal: AbortSignal.any([signal, AbortSignal.timeout(UPLOAD_MS)]),
  });
  await answer.body?.cancel();
  if (!answer.ok) throw new AppError("upstream_failed", `Slack answered ${answer.status} to the upload of a file`);
  return { id, title };
}

/** Shows files in a thread, as one message and once. Empty ones are left out: Slack takes none. */
export async function sendFiles(sending: Sending, part: number, given: readonly OutgoingFile[]): Promise<void> {
  const { parts, deliveryId, spot, signal } = sending;
  const { db, limiter } = parts;
  const files = given.filter(({ content }) => content.length > 0);
  if (files.length === 0) return;
  const key = { deliveryId, part };
  const known = await findPart(db, key);
  if (known?.sentAt) return;
  if (known) {
    const isIt = (message: { files?: { id: string }[] | undefined }) =>
      message.files?.some(({ id }) => id === known.fileId) === true;
    const ts = await findOurs(spot.team, spot, { since: known.begunAt, isIt });
    if (ts !== undefined) return void (await settlePart(db, key, ts));
  }
  const uploaded: Uploaded[] = [];
  for (const file of files) uploaded.push(await upload(sending, file));
  const [first, ...more] = uploaded;
  if (!first) return;
  await limiter.turn(limiterKey(spot), { urgent: true, signal });
  await beginPart(db, key, first.id);
  const shared = { files: [first, ...more] as [Uploaded, ...Uploaded[]], channel_id: spot.channel };
  try {
    await speak(limiter, limiterKey(spot), () =>
      spot.team.background.files.completeUploadExternal(
        spot.threadTs === null ? shared : { ...shared, thread_ts: spot.threadTs },
      ),
    );
    await settlePart(db, key, null);
  } catch (error) {
    if (didNothing(error)) await forgetPart(db, key);
    throw error;
  }
}
