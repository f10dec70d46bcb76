import type { IncomingMessage } from "node:http";
import type { HeaderPairs } from "../contract/orchestrator-frames.ts";
import type { Viewer } from "./viewer.ts";

/** Of one connection only; they end at each end of it. */
const HOP_BY_HOP = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);
/** What only the hub says, whoever else wrote it. */
const OURS = /^x-(?:orchestrator|orch|hub)-/u;
const OUR_COOKIES = new Set(["hub", "hub_begun", "hub_entry"].flatMap((name) => [name, `__Host-${name}`]));
/** Of an answer to an old machine's frames: the body has been decoded, and is made anew. */
const OF_THE_BODY = new Set(["content-encoding", "content-length", "x-orch-encoding"]);
/**
 * Old machines send such a body short or fail at it, spoil what is encoded or a part, and never answer that nothing changed.
 * They hand Origin and Referer on to an application that knows itself by another name, and they keep no key of ours.
 */
const NOT_FOR_PLAIN = new Set([
  "content-length",
  "expect",
  "accept-encoding",
  "if-none-match",
  "if-modified-since",
  "range",
  "origin",
  "referer",
  "authorization",
]);

function pairsOf(raw: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let index = 0; index + 1 < raw.length; index += 2)
    pairs.push([(raw[index] ?? "").toLowerCase(), raw[index + 1] ?? ""]);
  return pairs;
}

function passing(pairs: readonly (readonly [string, string])[]): [string, string][] {
  const named = pairs
    .filter(([name]) => name.toLowerCase() === "connection")
    .flatMap(([, value]) => value.toLowerCase().split(","))
    .map((name) => name.trim());
  return pairs
    .map(([name, value]): [string, string] => [name.toLowerCase(), value])
    .filter(([name]) => !HOP_BY_HOP.has(name) && !named.includes(name));
}

const withoutOurCookies = (header: string): string =>
  header
    .split(";")
    .map((pair) => pair.trim())
    .filter((pair) => !OUR_COOKIES.has(pair.split("=", 1)[0]?.trim() ?? ""))
    .join("; ");

/** A browser's headers as a machine may have them: without what is between browser and hub. */
export function requestHeaders(req: IncomingMessage): HeaderPairs {
  return passing(pairsOf(req.rawHeaders))
    .filter(([name]) => !OURS.test(name) && name !== "host" && name !== "expect")
    .map(([name, value]): [string, string] => [name, name === "cookie" ? withoutOurCookies(value) : value])
    .filter(([name, value]) => name !== "cookie" || value !== "");
}

/** The same for a machine without the extension, which takes the last pair of each name for who is asking. */
export const plainRequestHeaders = (req: IncomingMessage, viewer: Viewer): HeaderPairs => [
  ...requestHeaders(req).filter(([name]) => !NOT_FOR_PLAIN.has(name)),
  ["X-Orchestrator-User-Id", viewer.githubId === null ? "local" : String(viewer.githubId)],
  ["X-Orchestrator-Username", viewer.login],
];

/** A cookie stays at the origin that set it, or with `path` below that path of the hub; ours cannot be set at all. */
function confine(cookie: string, path: string | undefined): string | undefined {
  const [pair = "", ...attributes] = cookie.split(";").map((part) => part.trim());
  const name = pair.split("=", 1)[0]?.trim() ?? "";
  // One without a name is sent back as its value alone, which may read like one of ours.
  if (OUR_COOKIES.has(name) || name === "" || !pair.includes("=")) return undefined;
  const drop = path === undefined ? /^domain\s*=/iu : /^(?:domain|path)\s*=/iu;
  const kept = attributes.filter((attribute) => !drop.test(attribute));
  return [pair, ...kept, ...(path === undefined ? [] : [`Path=${path}`])].join("; ");
}

/** What would reach beyond the page that is answered: other connections, the cookies of all our origins. */
const BEYOND = new Set(["alt-svc", "clear-site-data"]);
/** What a proxy before the hub would take for its own orders, such as which file of its to send. */
const FOR_PROXIES = /^(?:x-accel-(?!buffering$)|x-sendfile|x-reproxy-|x-lighttpd-)/u;
/** In path mode also what would hold for the hub's own origin, after the machine is gone. */
const BEYOND_PATH = new Set([
  "service-worker-allowed",
  "strict-transport-security",
  "nel",
  "report-to",
  "reporting-endpoints",
]);

/** A machine's headers as a browser may have them; flat, for writeHead. Names and values that HTTP cannot carry are left out. */
export function answerHeaders(pairs: HeaderPairs, { cookiePath }: { cookiePath?: string } = {}): string[] {
  return passing(pairs).flatMap(([name, value]) => {
    if (
      OURS.test(name) ||
      FOR_PROXIES.test(name) ||
      BEYOND.has(name) ||
      (cookiePath !== undefined && BEYOND_PATH.has(name))
    )
      return [];
    if (!/^[\w!#$%&'*+.^`|~-]+$/u.test(name)) return [];
    const kept = name === "set-cookie" ? confine(value, cookiePath) : value;
    return kept === undefined || /[^\t\u0020-\u007e\u0080-\u00ff]/u.test(kept) ? [] : [name, kept];
  });
}

export const withoutBodyHeaders = (pairs: HeaderPairs): HeaderPairs =>
  pairs.filter(([name]) => !OF_THE_BODY.has(name.toLowerCase()));
