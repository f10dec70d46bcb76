import type { EmailRepository } from "./email-repositories.ts";
import { subjectTags } from "./subject.ts";

export type Choice =
  | { is: "chosen"; repository: string; tag: string | undefined }
  /** Why not, for the writer. */
  | { is: "unclear"; reason: string };

interface Asking {
  /** Plus-tags of our address. */
  addressTags: readonly string[];
  subject: string;
  /** `[owner/repo]` may also be the first line. */
  firstLine: string;
  from: string;
}

const chosen = (repository: string, tag?: string): Choice => ({ is: "chosen", repository, tag });

/**
 * Which repository a mail is about: the address says it, else a tag in the subject, else the words of the rules, else
 * there is only one. Where repositories are configured, nothing else may be asked for.
 */
export function chooseRepository(known: readonly EmailRepository[], asking: Asking): Choice {
  for (const tag of asking.addressTags) return byAddress(known, tag);
  const tags = [...subjectTags(asking.subject), ...subjectTags(/^\s*\[[^[\]]*\]/.exec(asking.firstLine)?.[0] ?? "")];
  const tagged = tags.map((tag) => ({ tag, found: find(known, tag) })).find(({ found }) => found !== undefined);
  if (tagged?.found !== undefined) return chosen(tagged.found, tagged.tag);
  const wrong = tags.find((tag) => /^[\w.-]+\/[\w.-]+$/.test(tag));
  if (wrong !== undefined && known.length > 0)
    return { is: "unclear", reason: `${wrong} is not one of the repositories that mails may start a session in.` };
  if (wrong !== undefined) return chosen(wrong, wrong);
  return byRules(known, asking);
}

function byAddress(known: readonly EmailRepository[], tag: string): Choice {
  const found = find(known, tag);
  if (found !== undefined) return chosen(found);
  // An owner's name has no dot.
  const [, owner, repo] = /^([a-z0-9][a-z0-9-]*)\.([\w.-]+)$/i.exec(tag) ?? [];
  if (known.length > 0 || owner === undefined || repo === undefined)
    return {
      is: "unclear",
      reason: `The address says “${tag}”, which is no repository that mails may start a session in.`,
    };
  return chosen(`${owner}/${repo}`);
}

/** By its whole name, with a dot for the slash as in addresses, or by its last part when only one is called so. */
function find(known: readonly EmailRepository[], tag: string): string | undefined {
  const wanted = tag.toLowerCase();
  const exact = known.find(({ repository }) => [repository.toLowerCase(), addressTag(repository)].includes(wanted));
  if (exact) return exact.repository;
  const short = known.filter(({ repository }) => lastPart(repository) === wanted);
  return short.length === 1 ? short[0]?.repository : undefined;
}

function byRules(known: readonly EmailRepository[], { subject, from }: Asking): Choice {
  const [only] = known;
  if (known.length === 1 && only) return chosen(only.repository);
  const matching = known.filter(({ words }) => words.some((word) => isMeant(word, subject, from)));
  const [match] = matching;
  if (matching.length === 1 && match) return chosen(match.repository);
  const reason =
    matching.length > 1
      ? "The subject fits several repositories."
      : "The mail does not say which repository it is about.";
  return { is: "unclear", reason };
}

function isMeant(word: string, subject: string, from: string): boolean {
  if (word.includes("@")) return from === word || (word.startsWith("@") && from.endsWith(word));
  const escaped = word.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`);
  return new RegExp(`(?<![\\p{L}\\p{N}])${escaped}(?![\\p{L}\\p{N}])`, "iu").test(subject);
}

/** How a repository is written in an address: `owner.repo`, or the last part of a path or URL. */
export const addressTag = (repository: string): string =>
  (/^[\w.-]+\/[\w.-]+$/.test(repository) ? repository.replace("/", ".") : lastPart(repository)).toLowerCase();

const lastPart = (repository: string): string =>
  (repository.replace(/\/+$/, "").split(/[/:]/).at(-1) ?? "").replace(/\.git$/, "").toLowerCase();
