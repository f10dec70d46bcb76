import { once } from "node:events";
import { Readable } from "node:stream";
import SMTPConnection from "nodemailer/lib/smtp-connection/index.js";
import { judgeSmtpError, type SmtpResult } from "./smtp-result.ts";

export interface SmtpSettings {
  host: string;
  port: number;
  /** TLS from the first byte; otherwise STARTTLS. */
  secure: boolean;
  user: string | undefined;
  password: string | undefined;
}

export interface RawMail {
  /** Bare addresses. */
  from: string;
  to: string;
  raw: Buffer;
}

export type Smtp = ReturnType<typeof createSmtp>;

const CONNECT_MS = 15_000;
/** Some servers look at a mail for long before they say that they have it. */
const SILENCE_MS = 120_000;
const TOTAL_MS = 5 * 60_000;
/** Connections at once: providers shut out who opens many. */
const MAX_AT_ONCE = 4;

const LOOPBACK = new Set(["127.0.0.1", "::1", "localhost"]);

/**
 * Hands mails to the server of our mailbox, each over a connection of its own: one that was kept may be dead without
 * anybody knowing, and a mail lost on it would be in doubt. Passwords go over TLS only, but on this machine.
 */
export function createSmtp(settings: SmtpSettings) {
  const waiting: (() => void)[] = [];
  let busy = 0;

  async function takeHand(): Promise<void> {
    if (busy >= MAX_AT_ONCE) await new Promise<void>((resolve) => void waiting.push(resolve));
    else busy += 1;
  }

  /** Whoever waits longest gets the hand; `busy` stays as it is then. */
  function freeHand(): void {
    const next = waiting.shift();
    if (next) next();
    else busy -= 1;
  }

  return {
    /** Never rejects. */
    async send(mail: RawMail, signal: AbortSignal): Promise<SmtpResult> {
      await takeHand();
      try {
        if (signal.aborted) return { is: "later", text: "it was stopped before it was sent" };
        return await transmit(settings, mail, AbortSignal.any([signal, AbortSignal.timeout(TOTAL_MS)]));
      } finally {
        freeHand();
      }
    },
  };
}

function transmit(settings: SmtpSettings, mail: RawMail, signal: AbortSignal): Promise<SmtpResult> {
  const { host, port, secure, user, password } = settings;
  return new Promise((resolve) => {
    const connection = new SMTPConnection({
      host,
      port,
      secure,
      requireTLS: !secure && !LOOPBACK.has(host),
      connectionTimeout: CONNECT_MS,
      greetingTimeout: CONNECT_MS,
      dnsTimeout: CONNECT_MS,
      socketTimeout: SILENCE_MS,
      logger: false,
    });
    // The server can have taken the mail only when it was given all of it.
    const content = Readable.from([mail.raw]);
    const all = { handedOver: false };
    content.once("end", () => (all.handedOver = true));

    const finish = (result: SmtpResult) => {
      signal.removeEventListener("abort", abort);
      connection.close();
      resolve(result);
    };
    const fail = (error: Error) => finish(judgeSmtpError(error, { ...all, secret: password }));
    const abort = () => fail(new Error("it took too long, or we were stopped"));
    signal.addEventListener("abort", abort, { once: true });
    connection.on("error", fail);

    const send = () =>
      connection.send({ from: mail.from, to: [mail.to], size: mail.raw.length }, content, (error, info) => {
        if (error) return fail(error);
        void sayGoodbye(connection);
        signal.removeEventListener("abort", abort);
        resolve({ is: "taken", text: info.response });
      });
    connection.connect((error) => {
      if (error) return fail(error);
      if (user === undefined || password === undefined) return send();
      connection.login({ user, pass: password }, (refusal) => (refusal ? fail(refusal) : send()));
    });
  });
}

/** The mail is theirs; a server that does not answer QUIT is left. */
async function sayGoodbye(connection: SMTPConnection): Promise<void> {
  connection.quit();
  await once(connection, "end", { signal: AbortSignal.timeout(2_000) }).catch(() => {});
  connection.close();
}
