import type { Composition } from "./compose-letter.ts";
import type { EmailNotice, FileVerdict } from "./notice.ts";
import type { Letter } from "./render-mail.ts";

/** The mails that are no answers of Claude: work has begun, files that were not taken, why nothing began. */
export function composeNotice(
  notice: EmailNotice,
  { acknowledge, threadId }: { acknowledge: boolean; threadId: string },
): Composition {
  const letter = letterOf(notice, acknowledge);
  if (!letter) return { is: "silent", why: "Acknowledgements are switched off" };
  const { to, subject, messageId, references } = notice.mail;
  return {
    is: "mail",
    mail: {
      to,
      thread: "sessionId" in notice ? { id: threadId, sessionId: notice.sessionId } : null,
      ledgerId: null,
      answered: { subject, messageId, references },
      letter,
      files: [],
      isNotice: true,
    },
  };
}

/** Undefined when it is not to be said. */
function letterOf(notice: EmailNotice, acknowledge: boolean): Letter | undefined {
  switch (notice.notice) {
    case "acknowledgement": {
      const files = fileNotes(notice.files);
      if (!acknowledge) return files.length > 0 ? plain("The session has begun.", files) : undefined;
      const where = `Claude works on this in ${quoted(notice.repository)}. The answer comes as a reply in this thread.`;
      return plain(where, files, [{ text: "Reply at any time to add something; it runs next." }]);
    }
    case "files":
      return plain("Your mail was taken in, but not all of its files.", fileNotes(notice.files));
    case "refused":
      return plain(`Nothing was begun: ${escaped(notice.reason)}`);
    case "which-repository":
      return plain(whichText(notice));
  }
}

const plain = (markdown: string, notes: readonly string[] = [], footer: Letter["footer"] = []): Letter => ({
  asked: null,
  markdown,
  notes,
  footer,
});

function whichText({ reason, choices }: Extract<EmailNotice, { notice: "which-repository" }>): string {
  const rows = choices.map(
    ({ repository, address, tag }) =>
      `- ${escaped(repository)}: write to ${address}, or put \`${tag}\` into the subject`,
  );
  const how = rows.length > 0 ? `Send it again and name the repository:\n\n${rows.join("\n")}` : "";
  return [`Nothing was begun: ${escaped(reason)}`, how].filter((part) => part !== "").join("\n\n");
}

function fileNotes(files: readonly FileVerdict[]): string[] {
  return files
    .filter(({ verdict }) => verdict !== "taken")
    .map(({ name, why }) => `Not taken: ${name}${why === "" ? "" : ` (${why})`}.`);
}

const quoted = (text: string): string => `\`${text.replaceAll("`", "'")}\``;
/** Words of others say what they say, and draw nothing. */
const escaped = (text: string): string =>
  text.replaceAll(/[\\`*_{}[\]<>#|~!]/g, String.raw`\$&`).replaceAll(/\s+/g, " ");
