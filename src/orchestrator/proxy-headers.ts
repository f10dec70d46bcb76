import type { HeaderPairs } from "../contract/orchestrator-frames.ts";

/** They belong to one connection, and there are two. */
const HOP_BY_HOP = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "trailers",
  "transfer-encoding",
  "upgrade",
]);
/** The hub's own, or the browser's word for who it is; here only what the hub signed counts. */
const NOT_OURS = new Set([
  "host",
  "origin",
  "referer",
  "cookie",
  "authorization",
  "x-api-key",
  "expect",
  "forwarded",
  "via",
  "x-real-ip",
  "x-client-ip",
  "true-client-ip",
]);
const FOREIGN = /^(?:x-forwarded-|x-orchestrator-|cf-)/u;
const CONDITIONAL = /^if-/u;
/** A name that Node would not send is not sent; nor is a value with control characters. */
const NAME = /^[\w!#$%&'*+.^`|~-]+$/u;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/u;

/** What of a proxied request's headers the application gets to see. */
export function requestHeaders(pairs: HeaderPairs, { conditional }: { conditional: boolean }): [string, string][] {
  return pairs.flatMap(([name, value]) => {
    const key = name.toLowerCase();
    const isDropped =
      HOP_BY_HOP.has(key) || NOT_OURS.has(key) || FOREIGN.test(key) || (!conditional && CONDITIONAL.test(key));
    return isDropped || !NAME.test(key) || !VALUE.test(value) ? [] : [[key, value] as [string, string]];
  });
}

/** Node's flat list of an answer's headers, in pairs, without those of the connection. */
export function answerHeaders(raw: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = (raw[at] ?? "").toLowerCase();
    if (!HOP_BY_HOP.has(name)) pairs.push([name, raw[at + 1] ?? ""]);
  }
  return pairs;
}

export const headerOf = (pairs: HeaderPairs, name: string): string | undefined =>
  pairs.find(([key]) => key.toLowerCase() === name)?.[1];

/**
 * Whether another page made the browser send this. Machines of one hub are neighbours ("same-site"), and must not use
 * each other; following a link is fine.
 */
export function isForeign(method: string, headers: HeaderPairs): boolean {
  const site = headerOf(headers, "sec-fetch-site");
  if (site !== "cross-site" && site !== "same-site") return false;
  return !(method === "GET" && headerOf(headers, "sec-fetch-mode") === "navigate");
}
