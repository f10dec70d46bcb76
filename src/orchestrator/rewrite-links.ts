import type { HeaderPairs } from "../contract/orchestrator-frames.ts";

/** What a hub may put before our paths; anything else could end an attribute, or lead to another host. */
const PROXY_BASE = /^(?:\/[\w.~%:@-]+){1,10}$/u;

export const isProxyBase = (base: string | null | undefined): base is string =>
  typeof base === "string" && PROXY_BASE.test(base);

/** Attributes of a page that name an address from the root; not `//host`. */
const ATTRIBUTE = /(\s(?:src|href|action)=["'])\/(?!\/)/gu;
const CSS_URL = /(url\(["']?)\/(?!\/)/gu;
const MANIFEST_VALUE = /("(?:start_url|scope|src|id)"\s*:\s*")\/(?!\/)/gu;

/**
 * Puts `base` before the addresses in a page, a style sheet or a manifest. Our scripts need none of it: they find
 * everything from where they were loaded.
 */
export function rewriteText(text: string, type: string, base: string): string {
  const replace = (pattern: RegExp) => text.replace(pattern, (_all, before: string) => `${before}${base}/`);
  if (/^text\/html\b/iu.test(type)) return replace(ATTRIBUTE);
  if (/^text\/css\b/iu.test(type)) return replace(CSS_URL);
  if (/manifest\+json/iu.test(type)) return replace(MANIFEST_VALUE);
  return text;
}

/** Redirects and cookies stay below `base`, too; a page that is rewritten is not kept for ever. */
export function rewriteHeaders(headers: HeaderPairs, base: string): [string, string][] {
  return headers.map(([name, value]): [string, string] => {
    if (name === "location" && /^\/(?!\/)/u.test(value)) return [name, `${base}${value}`];
    if (name === "set-cookie") return [name, value.replace(/;\s*path=\/[^;]*/iu, `; Path=${base}/`)];
    if (name === "cache-control") return [name, value.replace(/,?\s*immutable/iu, "")];
    return [name, value];
  });
}
