/** A place that mails may start sessions in, and how it is meant. */
export interface EmailRepository {
  /** `owner/repo`, a git URL, or the absolute path of a folder. */
  repository: string;
  /** In the subject as words, or, with an @, the end of the writer's address. */
  words: string[];
}

const SEPARATOR = /\s*\|\s*/;
const NAME = /^(?:[\w.-]+\/[\w.-]+|https?:\/\/\S+|\/\S*|[\w.-]+@[\w.-]+:\S+|ssh:\/\/\S+|file:\/\/\S+)$/;

/** `owner/repo=word|other word|@team.example.org`; the words may be left out. Undefined for anything else. */
export function readRepositoryRule(text: string): EmailRepository | undefined {
  const at = text.indexOf("=");
  const repository = (at < 0 ? text : text.slice(0, at)).trim();
  if (!NAME.test(repository)) return undefined;
  const words = at < 0 ? [] : text.slice(at + 1).split(SEPARATOR);
  return { repository, words: words.map((word) => word.trim().toLowerCase()).filter((word) => word !== "") };
}
