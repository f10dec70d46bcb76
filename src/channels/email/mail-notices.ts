import { createHash } from "node:crypto";
import type { NoticeService } from "../../deliveries/notice-service.ts";
import type { EmailNotice, FileVerdict } from "./notice.ts";
import type { Refusal } from "./refusal.ts";

type Answered = EmailNotice["mail"];

const KIND = "email";
/** Ids of mails may be longer than names of deliveries. */
const keyOf = (what: string, messageId: string): string =>
  `email.${what}:${createHash("sha256").update(messageId).digest("hex")}`;

/** To somebody who has no thread: by his address. */
const toWriter = (answered: Answered) => ({
  sessionId: null,
  kind: KIND,
  address: answered.to,
  threadKey: `email:${answered.to}`,
});

/** In a thread of a session. */
const inThread = (threadId: string, sessionId: string) => ({
  sessionId,
  kind: KIND,
  address: threadId,
  threadKey: `email:${threadId}`,
});

/** Once for each mail, whatever is sent or handled twice. */
export async function queueRefusal(
  outbox: NoticeService,
  { answered, messageId, refusal }: { answered: Answered; messageId: string; refusal: Refusal },
): Promise<void> {
  // Whom a cap has cut off is not told, or the telling would go round.
  if (refusal.kind === "too_many") return;
  const body: EmailNotice = {
    type: "notice",
    notice: "refused",
    mail: answered,
    kind: refusal.kind,
    reason: refusal.why,
  };
  await outbox.notice({ key: keyOf("refused", messageId), ...toWriter(answered), body });
}

interface Question {
  answered: Answered;
  messageId: string;
  reason: string;
  choices: { repository: string; address: string; tag: string }[];
}

export async function queueQuestion(
  outbox: NoticeService,
  { answered, messageId, reason, choices }: Question,
): Promise<void> {
  const body: EmailNotice = { type: "notice", notice: "which-repository", mail: answered, reason, choices };
  await outbox.notice({ key: keyOf("question", messageId), ...toWriter(answered), body });
}

interface Begun {
  answered: Answered;
  messageId: string;
  threadId: string;
  sessionId: string;
  title: string;
  repository: string;
  files: FileVerdict[];
}

export async function queueAcknowledgement(outbox: NoticeService, begun: Begun): Promise<void> {
  const { answered, messageId, threadId, sessionId, title, repository, files } = begun;
  const body: EmailNotice = {
    type: "notice",
    notice: "acknowledgement",
    mail: answered,
    sessionId,
    title,
    repository,
    files,
  };
  await outbox.notice({ key: keyOf("acknowledgement", messageId), ...inThread(threadId, sessionId), body });
}

/** Says which files of a reply were not taken; nothing when all were. */
export async function queueFileVerdicts(
  outbox: NoticeService,
  { answered, messageId, threadId, sessionId, files }: Omit<Begun, "title" | "repository">,
): Promise<void> {
  if (files.every(({ verdict }) => verdict === "taken")) return;
  const body: EmailNotice = { type: "notice", notice: "files", mail: answered, sessionId, files };
  await outbox.notice({ key: keyOf("files", messageId), ...inThread(threadId, sessionId), body });
}
