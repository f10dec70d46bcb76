import { AppError } from "../../lib/errors.ts";
import { addressTag, chooseRepository } from "./choose-repository.ts";
import type { MailParts, TrustedMail } from "./handle-mail.ts";
import { judgeFiles } from "./judge-files.ts";
import { queueAcknowledgement, queueQuestion } from "./mail-notices.ts";
import { effectKey, recordMail } from "./record-mail.ts";
import type { Refusal } from "./refusal.ts";
import { bareSubject, withoutTag } from "./subject.ts";

const MAX_TITLE = 200;
const MAX_CHOICES = 50;

/** A mail starts a session in the repository that it names; when it names none, its writer is told how to. */
export async function beginConversation(
  parts: MailParts,
  mail: TrustedMail,
  addressTags: readonly string[],
): Promise<Refusal | undefined> {
  const { outbox, repositories, sessions } = parts;
  const { answered, messageId } = mail;
  const asked = {
    addressTags,
    subject: answered.subject,
    firstLine: mail.mail.text.slice(0, 500),
    from: mail.from.address,
  };
  const choice = chooseRepository(repositories, asked);
  if (choice.is === "unclear") return ask(parts, mail, choice.reason);

  const subject = subjectOf(answered.subject, choice.tag);
  const content = promptOf(subject, mail);
  if (content === undefined) return { kind: "no_text", why: "The mail has neither a subject nor a text." };
  const session = await sessions
    .create(
      {
        ...placeOf(choice.repository),
        ...(subject === "" ? {} : { title: subject.slice(0, MAX_TITLE).toWellFormed() }),
        tags: [],
        metadata: { email: { from: mail.from.address, subject: answered.subject } },
        source: "email",
      },
      effectKey("email.session", messageId),
    )
    .catch((error: unknown) => explain(error, choice.repository));
  const { taken, verdicts } = judgeFiles(mail.mail.files);
  const threadId = await recordMail(parts, mail, { sessionId: session.sessionId, content, files: taken });
  const { sessionId, title } = session;
  await queueAcknowledgement(outbox, {
    answered,
    messageId,
    threadId,
    sessionId,
    title,
    repository: choice.repository,
    files: verdicts,
  });
  return undefined;
}

async function ask(
  { outbox, repositories, addresses }: MailParts,
  mail: TrustedMail,
  reason: string,
): Promise<Refusal> {
  const choices = repositories.slice(0, MAX_CHOICES).map(({ repository }) => {
    const tag = addressTag(repository);
    return {
      repository,
      address: addresses.ofTag(tag),
      tag: `[${/^[\w.-]+\/[\w.-]+$/.test(repository) ? repository : tag}]`,
    };
  });
  await queueQuestion(outbox, { answered: mail.answered, messageId: mail.messageId, reason, choices });
  return { kind: "which_repository", why: reason };
}

const subjectOf = (subject: string, tag: string | undefined): string => {
  const bare = bareSubject(subject);
  return bareSubject(tag === undefined ? bare : withoutTag(bare, tag));
};

/** A new mail is taken whole: what it quotes is what it is about. */
function promptOf(subject: string, { mail }: TrustedMail): string | undefined {
  const text = mail.text.trim();
  if (text !== "") return subject === "" ? text : `Subject: ${subject}\n\n${text}`;
  if (subject !== "") return subject;
  return mail.files.length > 0 ? "(The mail has no text, only files.)" : undefined;
}

/** An absolute path is a folder of this machine; everything else is cloned. */
const placeOf = (repository: string) =>
  repository.startsWith("/")
    ? ({ projectType: "worktree", projectPath: repository } as const)
    : ({ projectType: "github", githubRepo: repository } as const);

/** The rules of sessions speak of fields of a request; a person who wrote a mail knows the repository. */
function explain(error: unknown, repository: string): never {
  if (!(error instanceof AppError) || error.code !== "invalid") throw error;
  const why = error.errors.map(({ message }) => message).join("; ") || error.message;
  throw new AppError("invalid", `No session can be started in ${repository}: it ${why}`, { cause: error });
}
