import type { MessagePosted, RunFinished } from "../../contract/delivery.ts";
import type { Database } from "../../db/database.ts";
import type { Outgoing, OutgoingFile, OutgoingFiles } from "../../deliveries/channel.ts";
import { askedLine, saidLine } from "./asked-line.ts";
import type { Answered } from "./mail-headers.ts";
import { composeNotice } from "./notice-letter.ts";
import { EmailNotice } from "./notice.ts";
import type { Letter } from "./render-mail.ts";
import { findAsked, findMailThread, findMailToAnswer, type Asked, type MailThread } from "./sent-mail-queries.ts";

/** A mail before it is rendered. */
export interface Composed {
  to: string;
  /** Null for a notice to somebody who has no session. */
  thread: { id: string; sessionId: string } | null;
  /** The message of the session that it tells; null for notices. */
  ledgerId: string | null;
  answered: Answered;
  letter: Letter;
  files: readonly OutgoingFile[];
  /** It may be left out: nobody waits for it. */
  isNotice: boolean;
}

export type Composition =
  | { is: "mail"; mail: Composed }
  | { is: "silent"; why: string }
  | { is: "impossible"; why: string };

/** What Claude answers when there is nothing to say. */
const NO_REPLY = "NO_REPLY";

/** What a delivery says as a mail, and to whom; or why nothing is to be sent. */
export async function composeLetter(
  { db, acknowledge }: { db: Database; acknowledge: boolean },
  outgoing: Outgoing,
): Promise<Composition> {
  const { body, address } = outgoing;
  if (body.type === "notice") {
    const notice = EmailNotice.safeParse(body);
    if (!notice.success) return { is: "impossible", why: "The notice is not one of the mail door's" };
    return composeNotice(notice.data, { acknowledge, threadId: address });
  }
  if (body.type === "run.still_running" || body.type === "subscribed")
    return { is: "impossible", why: "Only URLs hear of deadlines and events" };
  const thread = await findMailThread(db, address);
  if (!thread) return { is: "impossible", why: "Its thread is gone" };
  if (thread.muted) return { is: "silent", why: "The thread is muted" };
  return body.type === "run.finished"
    ? composeAnswer(db, { thread, body, outgoing })
    : composePosted(db, { thread, body, outgoing });
}

/** The mail may not be known as this message yet, when the run was quick. */
const isOf = ({ participant }: MailThread, { source, author }: Asked): boolean =>
  source === "email" && (author?.includes(participant) ?? false);

interface Parts<Body> {
  thread: MailThread;
  body: Body;
  outgoing: Outgoing;
}

async function composeAnswer(db: Database, { thread, body, outgoing }: Parts<RunFinished>): Promise<Composition> {
  if (body.answer?.trim() === NO_REPLY) return { is: "silent", why: "Claude has nothing to say" };
  const asked = await findAsked(db, body.runId);
  const { mail, isAsked } = await findMailToAnswer(db, { threadId: thread.id, askedId: asked?.id ?? null });
  const files = await outgoing.files();
  const letter = {
    // Who asked by this very thread sees his question below.
    asked: isAsked || !asked || isOf(thread, asked) ? null : askedLine(asked),
    markdown: answerText(body, files),
    notes: refusedNotes(files),
    footer: footerOf(body.links.dashboard, body.diff),
  };
  return toThread(thread, { mail, letter, outgoing, files: files.files });
}

async function composePosted(db: Database, { thread, body, outgoing }: Parts<MessagePosted>): Promise<Composition> {
  const { mail } = await findMailToAnswer(db, { threadId: thread.id, askedId: null });
  const files = await outgoing.files();
  const letter = {
    asked: saidLine(body),
    markdown: files.text,
    notes: refusedNotes(files),
    footer: footerOf(body.links.dashboard, null),
  };
  return toThread(thread, { mail, letter, outgoing, files: files.files });
}

function toThread(
  thread: MailThread,
  more: {
    mail: { messageId: string; referenceIds: string[]; subject: string } | undefined;
    letter: Letter;
    outgoing: Outgoing;
    files: readonly OutgoingFile[];
  },
): Composition {
  const { mail, letter, outgoing, files } = more;
  return {
    is: "mail",
    mail: {
      to: thread.participant,
      thread: { id: thread.id, sessionId: thread.sessionId },
      ledgerId: outgoing.messageId,
      answered: {
        subject: mail?.subject || thread.subject || thread.title,
        messageId: mail?.messageId ?? null,
        references: mail?.referenceIds ?? [],
      },
      letter,
      files,
      isNotice: false,
    },
  };
}

/** A run that did not answer says why; what its reader can do stands in the text itself. */
function answerText({ status, answer, error }: RunFinished, { text }: OutgoingFiles): string {
  if (answer !== null) return text;
  if (status === "cancelled") return `**The run was stopped.** ${error ?? ""}`.trim();
  return `**The run failed.** ${error ?? "Nothing more is known."}`;
}

const refusedNotes = ({ refused }: OutgoingFiles): string[] =>
  refused.map(({ path, why }) => `Not attached: ${path} ${why}.`);

function footerOf(dashboard: string, diff: RunFinished["diff"]): Letter["footer"] {
  const changed =
    diff && diff.files > 0
      ? [{ text: `${diff.files} ${diff.files === 1 ? "file" : "files"} changed, +${diff.added} −${diff.removed}` }]
      : [];
  return [{ text: "Reply to this mail to go on." }, ...changed, { text: "Open in the dashboard", href: dashboard }];
}
