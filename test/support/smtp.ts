import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { buffer } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { SMTPServer, type SMTPServerSession } from "smtp-server";

const MAX_BYTES = 40 * 1024 ** 2;

/** What the server does with a mail once it has all of it. */
export type SmtpAnswer =
  | { is: "accept"; delayMs?: number }
  /** 4xx: try again; 5xx: never. `at` says which command is refused: the recipient, or the whole mail. */
  | { is: "refuse"; code: number; text: string; at?: "recipient" | "data" }
  /** Delivers it, and then the connection is gone before it could say so. */
  | { is: "deliver and drop" }
  /** Loses the connection and the mail with it. */
  | { is: "drop" };

export interface Accepted {
  from: string;
  to: string[];
  raw: Buffer;
  /** Who was logged in; undefined for mails from outside. */
  user: string | undefined;
  at: number;
}

interface Parts {
  user: string;
  password: string;
  answer: (mail: { from: string; to: string[]; nth: number }) => SmtpAnswer;
  deliver: (mail: Accepted & { ip: string }) => Promise<void>;
}

const refusal = ({ code, text }: { code: number; text: string }) =>
  Object.assign(new Error(text), { responseCode: code });

/** A real SMTP server on loopback that does with each mail what `answer` says. Anybody may send; a login must be right. */
export async function openSmtp({ user, password, answer, deliver }: Parts) {
  const accepted: Accepted[] = [];
  let mails = 0;

  const server = new SMTPServer({
    authOptional: true,
    allowInsecureAuth: true,
    disabledCommands: ["STARTTLS"],
    disableReverseLookup: true,
    size: MAX_BYTES,
    closeTimeout: 500,
    onAuth(auth, _session, done) {
      if (auth.username === user && auth.password === password) return done(null, { user });
      done(Object.assign(new Error("Invalid username or password"), { responseCode: 535 }));
    },
    onRcptTo(address, session, done) {
      const verdict = answer({ ...envelopeOf(session), to: [address.address], nth: mails + 1 });
      done(verdict.is === "refuse" && verdict.at === "recipient" ? refusal(verdict) : null);
    },
    onData: (stream, session, done) => void finish(readAll(stream, session), done),
  });
  const sockets = socketsOf(server);
  server.on("error", () => {});

  async function readAll(stream: AsyncIterable<Buffer>, session: SMTPServerSession): Promise<Error | null> {
    try {
      return await take(await buffer(stream), session);
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  async function take(raw: Buffer, session: SMTPServerSession): Promise<Error | null> {
    const { from, to } = envelopeOf(session);
    const verdict = answer({ from, to, nth: (mails += 1) });
    if (verdict.is === "refuse") return refusal(verdict);
    const cut = () => sockets.get(`${session.remoteAddress}:${session.remotePort}`)?.destroy();
    if (verdict.is === "drop") return (cut(), null);
    if (verdict.is === "accept" && verdict.delayMs !== undefined) await sleep(verdict.delayMs);
    const mail = { from, to, raw, user: session.user, at: Date.now() };
    await deliver({ ...mail, ip: session.remoteAddress });
    accepted.push(mail);
    if (verdict.is === "deliver and drop") cut();
    return null;
  }

  server.listen(0, "127.0.0.1");
  await once(server.server, "listening");
  const { port } = server.server.address() as AddressInfo;
  return {
    host: "127.0.0.1",
    port,
    accepted,
    async [Symbol.asyncDispose](): Promise<void> {
      for (const socket of sockets.values()) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

const envelopeOf = ({ envelope }: SMTPServerSession) => ({
  from: envelope.mailFrom === false ? "" : envelope.mailFrom.address,
  to: envelope.rcptTo.map(({ address }) => address),
});

async function finish(result: Promise<Error | null>, done: (error: Error | null) => void): Promise<void> {
  done(await result);
}

/** The library keeps the socket of a session to itself; a lost connection needs it. */
function socketsOf({ server }: SMTPServer): Map<string, Socket> {
  const sockets = new Map<string, Socket>();
  server.on("connection", (socket: Socket) => {
    const key = `${socket.remoteAddress}:${socket.remotePort}`;
    sockets.set(key, socket);
    socket.on("close", () => sockets.delete(key));
  });
  return sockets;
}
