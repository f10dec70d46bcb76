import type { Database } from "../../db/database.ts";
import { backoffMs } from "../../lib/backoff.ts";
import type { Logger } from "../../lib/logger.ts";
import { wait } from "../../lib/wait.ts";
import type { receiveInto } from "../../messages/inbox-service.ts";
import { mailEntry } from "./mail-entry.ts";
import { openMailboxConnection, type ImapSettings, type MailboxConnection } from "./mailbox-connection.ts";
import {
  findSeen,
  findSettled,
  forgetSeen,
  isMailboxKnown,
  markSeen,
  rememberMailbox,
  type MailboxState,
} from "./mailbox-queries.ts";

export interface WatchParts {
  db: Database;
  log: Logger;
  receive: ReturnType<typeof receiveInto>;
  settings: ImapSettings;
}

const BEGIN_AGAIN = { baseMs: 500, capMs: 2 * 60_000 };
const STEADY_MS = 60_000;
/** While mails are being handled, and when the mailbox is empty. */
const BUSY_MS = 500;
const QUIET_MS = 60_000;
/** In a mailbox that we never read before: more than that, and it is somebody's own. */
const MAX_AT_FIRST = 500;

/** Takes mails out of the mailbox for as long as it may; a lost connection is made again. One process at a time does it. */
export async function watchMailbox(parts: WatchParts, signal: AbortSignal): Promise<void> {
  for (let failures = 0; !signal.aborted;) {
    const began = performance.now();
    try {
      await watchOnce(parts, signal);
    } catch (error) {
      if (signal.aborted) return;
      failures = performance.now() - began > STEADY_MS ? 1 : failures + 1;
      parts.log.warn({ err: error, failures }, "the mailbox was lost; connecting again");
      await wait(backoffMs(failures, BEGIN_AGAIN), signal);
    }
  }
}

async function watchOnce(parts: WatchParts, signal: AbortSignal): Promise<void> {
  const { db, log, settings } = parts;
  using connection = await openMailboxConnection(settings, signal);
  const { uidValidity } = connection;
  const state = { mailbox: `${settings.user ?? ""}@${settings.host}/${settings.mailbox}`, uidValidity };
  await checkOwn(parts, { connection, state });
  log.info({ mailbox: state.mailbox }, "reading the mailbox");
  while (!signal.aborted) {
    const present = await connection.list();
    await forgetSeen(db, state, present);
    const seen = await findSeen(db, state);
    for (const uid of present) if (!seen.has(uid) && !signal.aborted) await takeIn(parts, { connection, state, uid });
    await moveSettled(parts, { connection, state, present });
    const left = await connection.list();
    await forgetSeen(db, state, left);
    await connection.idle(left.length > 0 ? BUSY_MS : QUIET_MS);
  }
}

interface Watched {
  connection: MailboxConnection;
  state: MailboxState;
}

/** All mails of a mailbox are taken and moved: one that is full at the first sight was not meant to be given to us. */
async function checkOwn({ db, settings }: WatchParts, { connection, state }: Watched): Promise<void> {
  if (await isMailboxKnown(db, state.mailbox)) return;
  const { length } = await connection.list();
  if (length > MAX_AT_FIRST)
    throw new Error(
      `${settings.mailbox} holds ${length} mails: it must be a mailbox of its own, or IMAP_MAILBOX a folder with its mails`,
    );
  await rememberMailbox(db, state.mailbox);
}

async function takeIn(
  { db, receive }: WatchParts,
  { connection, state, uid }: Watched & { uid: number },
): Promise<void> {
  const mail = await connection.fetch(uid);
  if (!mail) return;
  const entry = mailEntry({ ...mail, via: "imap" });
  await receive(entry);
  await markSeen(db, state, { uid, externalId: entry.externalId });
}

/** Moves what is done with to its folder. */
async function moveSettled(
  { db, settings }: WatchParts,
  { connection, state, present }: Watched & { present: readonly number[] },
): Promise<void> {
  const settled = await findSettled(db, state);
  for (const [folder, taken] of [
    [settings.processed, true],
    [settings.rejected, false],
  ] as const) {
    const uids = settled.filter((mail) => mail.taken === taken && present.includes(mail.uid)).map(({ uid }) => uid);
    if (uids.length > 0 && !(await connection.move(uids, folder)))
      throw new Error(`The mail server does not move mails to ${folder}`);
  }
}
