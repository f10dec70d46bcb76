import { ImapFlow } from "imapflow";
import { toError } from "../../lib/errors.ts";
import { MAX_HEAD_BYTES } from "./mail-head.ts";
import { MAIL_LIMITS } from "./mail.ts";

export interface ImapSettings {
  host: string;
  port: number;
  /** TLS from the first byte; otherwise STARTTLS where the server has it. */
  secure: boolean;
  user: string | undefined;
  password: string | undefined;
  mailbox: string;
  processed: string;
  rejected: string;
}

const LOOPBACK = new Set(["127.0.0.1", "::1", "localhost"]);
const CONNECT_MS = 30_000;
/** Servers and routers forget connections that are silent for long. */
const SILENCE_MS = 5 * 60_000;
const IDLE_MS = 4 * 60_000;

export type MailboxConnection = Awaited<ReturnType<typeof openMailboxConnection>>;

/** A connection that looks into one mailbox. It does not come back when it is lost: then its calls throw. */
export async function openMailboxConnection(settings: ImapSettings, signal: AbortSignal) {
  signal.throwIfAborted();
  const line = openLine(settings, signal);
  try {
    const uidValidity = await line.open();
    return { uidValidity, ...commandsOf(line), [Symbol.dispose]: line.close };
  } catch (error) {
    line.close();
    throw error;
  }
}

type Line = ReturnType<typeof openLine>;

/** The client with its life: it ends when it is closed, lost, or the signal aborts. */
function openLine(settings: ImapSettings, signal: AbortSignal) {
  const client = clientOf(settings);
  const closed = Promise.withResolvers<void>();
  let lost: Error | undefined;
  // A listener must be there, or a lost connection would end the process.
  client.on("error", (error) => void (lost = error));
  client.on("close", () => closed.resolve());
  const giveUp = () => client.close();
  signal.addEventListener("abort", giveUp, { once: true });

  /** A command whose connection goes away would wait for its answer for ever. */
  async function ask<T>(command: (connected: ImapFlow) => Promise<T>): Promise<T> {
    const gone = closed.promise.then(() => {
      throw toError(lost ?? new Error("The connection to the mail server was closed"));
    });
    return Promise.race([command(client), gone]);
  }

  return {
    client,
    ask,
    /** Logs in, makes the folders and looks into the mailbox; its UIDVALIDITY. */
    async open(): Promise<number> {
      await ask((connected) => connected.connect());
      for (const folder of [settings.processed, settings.rejected])
        await ask((connected) => connected.mailboxCreate(folder));
      const { uidValidity } = await ask((connected) => connected.mailboxOpen(settings.mailbox));
      return Number(uidValidity);
    },
    close() {
      signal.removeEventListener("abort", giveUp);
      client.close();
    },
  };
}

const clientOf = (settings: ImapSettings): ImapFlow =>
  new ImapFlow({
    host: settings.host,
    port: settings.port,
    secure: settings.secure,
    // A password goes over TLS only, but on this machine.
    ...(settings.secure || LOOPBACK.has(settings.host) ? {} : { doSTARTTLS: true }),
    auth: { user: settings.user ?? "", pass: settings.password ?? "" },
    logger: false,
    // We idle ourselves: the library would begin only after 15 s.
    disableAutoIdle: true,
    maxIdleTime: IDLE_MS,
    connectionTimeout: CONNECT_MS,
    greetingTimeout: CONNECT_MS,
    socketTimeout: SILENCE_MS,
    maxLiteralSize: MAIL_LIMITS.bytes + 1024 ** 2,
  });

function commandsOf({ client, ask }: Line) {
  // A server says only once that something came, also with the answer to a command: then there is no point in idling.
  let hasNews = false;
  client.on("exists", () => void (hasNews = true));

  return {
    /** The uids of all mails, oldest first. */
    async list(): Promise<number[]> {
      hasNews = false;
      const found = await ask(() => client.search({ all: true }, { uid: true }));
      return (found || []).toSorted((left, right) => left - right);
    },

    /** The raw mail, or only its head when it is too large; undefined when it is not there any more. */
    async fetch(uid: number): Promise<{ raw: Buffer; size: number } | undefined> {
      const about = await ask(() => client.fetchOne(uid, { size: true }, { uid: true }));
      if (!about || about.size === undefined) return undefined;
      const maxLength = about.size > MAIL_LIMITS.bytes ? MAX_HEAD_BYTES : about.size + 1;
      const found = await ask(() => client.fetchOne(uid, { source: { start: 0, maxLength } }, { uid: true }));
      if (!found || found.source === undefined) return undefined;
      return { raw: found.source, size: about.size };
    },

    /** False when the server did not do it. */
    move: async (uids: readonly number[], folder: string): Promise<boolean> =>
      (await ask(() => client.messageMove([...uids], folder, { uid: true }))) !== false,

    /** Waits until something comes, or for so long. */
    async idle(ms: number): Promise<void> {
      if (hasNews) return;
      const wake = () => void client.noop().catch(() => {});
      client.once("exists", wake);
      const timer = setTimeout(wake, ms);
      try {
        await ask(() => client.idle());
      } finally {
        clearTimeout(timer);
        client.off("exists", wake);
      }
    },
  };
}
