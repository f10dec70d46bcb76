import type { SlackConfig } from "../../config-slack.ts";
import { repositoryName } from "./parse-command.ts";

export type RepositoryRules = Pick<SlackConfig, "channelRepositories" | "keywords" | "repositories">;

export interface Asked {
  /** What was written, as people read it. */
  text: string;
  channel: { id: string; name: string | null };
  /** What people chose for the channel by command. */
  linked: string | null;
}

export type Choice =
  | { is: "chosen"; repository: string; why: string }
  /** `options` may be empty: then it has to be written. */
  | { is: "ask"; options: string[] }
  | { is: "not_allowed"; repository: string };

/** What a menu can hold, and more than a person reads. */
const MAX_OPTIONS = 100;
const EXPLICIT = /(?:^|\s)repo:(\S+)/i;
const GITHUB_URL = /https?:\/\/github\.com\/([\w.-]+\/[\w.-]+?)(?:\.git)?(?=[/?#\s)>]|$)/gi;

/** Every repository the configuration names, each once. */
export const knownRepositories = ({ repositories, channelRepositories, keywords }: RepositoryRules): string[] => [
  ...new Set([
    ...repositories,
    ...channelRepositories.map((one) => one.repository),
    ...keywords.map((one) => one.repository),
  ]),
];

const LOOPBACK = /^(?:localhost|(?:.*\.)?localhost|127\.\d+\.\d+\.\d+|0\.0\.0\.0|\[::.*\])\.?$/i;
/** The host of a URL, or of `git@host:path`. */
const hostOf = (repository: string): string | undefined =>
  URL.canParse(repository)
    ? new URL(repository).hostname
    : /^(?:[^\s@/]+@)?([^\s/:]+|\[[^\]]+\]):/.exec(repository)?.[1];

/** What only the server's own machine reaches: its folders, and what listens on it. */
const isOfThisMachine = (repository: string): boolean =>
  /^(?:[/.~\\]|file:)/i.test(repository) || LOOPBACK.test(hostOf(repository) ?? "");

/**
 * Whether it may be asked for from Slack: what the configuration names, and unless SLACK_REPOS says what, anything that
 * lies elsewhere. People in Slack do not sit at this machine, whatever programs on it may do.
 */
export const isAllowed = (rules: RepositoryRules, repository: string): boolean =>
  knownRepositories(rules).includes(repository) || (rules.repositories.length === 0 && !isOfThisMachine(repository));

const escapeRegExp = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\/-]/g, String.raw`\$&`);

/** The text stands alone in the other: not as a part of a longer word or path. */
const names = (text: string, word: string): boolean =>
  new RegExp(String.raw`(?<![\w./-])${escapeRegExp(word)}(?![\w/-])`, "i").test(text);

const sameChannel = (channel: Asked["channel"], rule: string): boolean =>
  rule === channel.id || (channel.name !== null && rule.replace(/^#/, "").toLowerCase() === channel.name.toLowerCase());

function written(rules: RepositoryRules, text: string): Choice | undefined {
  const explicit = EXPLICIT.exec(text)?.[1];
  if (explicit !== undefined) {
    const repository = repositoryName(explicit.replace(/[.,;:!?]+$/, ""));
    return isAllowed(rules, repository)
      ? { is: "chosen", repository, why: "it is named in the message" }
      : { is: "not_allowed", repository };
  }
  const urls = urlsOf(text);
  const named = knownRepositories(rules).filter((known) => urls.includes(known) || names(text, known));
  return named.length === 1 && named[0] !== undefined
    ? { is: "chosen", repository: named[0], why: "it is named in the message" }
    : undefined;
}

const urlsOf = (text: string): string[] => [...text.matchAll(GITHUB_URL)].flatMap(([, name]) => name ?? []);

function byKeyword(rules: RepositoryRules, text: string): Choice | undefined {
  const hits = rules.keywords.filter(({ word }) => names(text, word));
  const repositories = [...new Set(hits.map(({ repository }) => repository))];
  return repositories.length === 1 && repositories[0] !== undefined
    ? { is: "chosen", repository: repositories[0], why: `the message says “${hits[0]?.word}”` }
    : undefined;
}

/**
 * Which repository a message is about, the most explicit word first: the message itself, the channel's link, the
 * configuration's word about the channel, a keyword, the only one there is. Where two are meant alike it is asked.
 */
export function chooseRepository(rules: RepositoryRules, { text, channel, linked }: Asked): Choice {
  const named = written(rules, text);
  if (named) return named;
  if (linked !== null) return { is: "chosen", repository: linked, why: "it is this channel's" };
  const mapped = rules.channelRepositories.find((rule) => sameChannel(channel, rule.channel));
  if (mapped) return { is: "chosen", repository: mapped.repository, why: "it is this channel's" };
  const keyword = byKeyword(rules, text);
  if (keyword) return keyword;
  const known = knownRepositories(rules);
  if (known.length === 1 && known[0] !== undefined)
    return { is: "chosen", repository: known[0], why: "it is the only one" };
  const others = urlsOf(text).filter((one) => isAllowed(rules, one));
  return { is: "ask", options: [...new Set([...others, ...known])].slice(0, MAX_OPTIONS) };
}
