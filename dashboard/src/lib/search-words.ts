import { SessionStatus, Source } from "../../../src/contract/session.ts";

/** What the session list is narrowed to; each part is a parameter of the page's address. */
export interface ListFilter {
  q?: string | undefined;
  status?: readonly SessionStatus[] | undefined;
  tag?: string | undefined;
  repo?: string | undefined;
  source?: Source | undefined;
}

const PARTS = ["q", "status", "tag", "repo", "source"] as const;

/** Words people use for groups of the list, beside the statuses themselves. */
const GROUP_WORDS: Record<string, readonly SessionStatus[]> = {
  done: ["completed", "cancelled"],
  stopped: ["cancelled"],
  waiting: ["waiting", "queued", "created"],
};

function statusesOf(word: string): readonly SessionStatus[] {
  const group = GROUP_WORDS[word];
  if (group) return group;
  return word.split(",").flatMap((part) => SessionStatus.safeParse(part).data ?? []);
}

/** What one word narrows the list to; undefined when it is a word to search for. */
function narrowing(word: string): ListFilter | undefined {
  const [, name = "", value = ""] = /^(is|repo|tag|from):(.+)$/u.exec(word) ?? [];
  switch (name) {
    case "repo":
      return { repo: value };
    case "tag":
      return { tag: value };
    case "from": {
      const source = Source.safeParse(value).data;
      return source && { source };
    }
    case "is": {
      const status = statusesOf(value);
      return status.length > 0 ? { status } : undefined;
    }
    default:
      return undefined;
  }
}

/** `is:failed repo:web tag:nightly from:slack flaky test` → the filter it means. */
export function parseSearch(text: string): ListFilter {
  const words = text.split(/\s+/u).map((word) => ({ word, narrows: narrowing(word) }));
  const q = words
    .filter(({ narrows }) => !narrows)
    .map(({ word }) => word)
    .join(" ")
    .trim();
  return Object.assign({}, ...words.map(({ narrows }) => narrows), q ? { q } : undefined) as ListFilter;
}

function statusWord(statuses: readonly SessionStatus[]): string {
  const group = Object.entries(GROUP_WORDS).find(([, members]) => members.join() === statuses.join());
  return group ? group[0] : statuses.join(",");
}

/** The words that would be typed for a filter. */
export function formatSearch(filter: ListFilter): string {
  const words = [
    filter.status && `is:${statusWord(filter.status)}`,
    filter.repo && `repo:${filter.repo}`,
    filter.tag && `tag:${filter.tag}`,
    filter.source && `from:${filter.source}`,
    filter.q,
  ];
  return words.filter(Boolean).join(" ");
}

export function filterOfParams(params: URLSearchParams): ListFilter {
  const status = statusesOf(params.get("status") ?? "");
  return {
    q: params.get("q") ?? undefined,
    status: status.length > 0 ? status : undefined,
    tag: params.get("tag") ?? undefined,
    repo: params.get("repo") ?? undefined,
    source: Source.safeParse(params.get("source")).data,
  };
}

/** Writes a filter into a page's parameters and leaves the others as they are. */
export function withFilter(params: URLSearchParams, filter: ListFilter): URLSearchParams {
  const next = new URLSearchParams(params);
  for (const name of PARTS) {
    const value = name === "status" ? filter.status?.join(",") : filter[name];
    if (value) next.set(name, value);
    else next.delete(name);
  }
  return next;
}

/** Only what belongs to the list, for links from one session to the next. */
export function listPart(params: URLSearchParams): string {
  const kept = withFilter(new URLSearchParams(), filterOfParams(params));
  return kept.size > 0 ? `?${kept}` : "";
}
