import { lookup as systemLookup, type LookupAddress } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import { AppError, invalidField } from "../lib/errors.ts";
import { classifyAddress } from "./address-class.ts";

/** The one rule of where this server sends things: callbacks, subscriptions and whatever else a caller names. */
export interface OutboundUrls {
  /** The URL as it is kept. AppError "invalid" names the field and the rule it breaks. */
  check(field: string, text: string): string;
  /** Why nothing may be sent to this URL; undefined when it may. Asked again when it is sent: configurations change. */
  refusal(text: string): string | undefined;
  /**
   * Name resolution for connections to such URLs: the addresses are judged in the moment they are used, so that a name
   * that pointed elsewhere when it was checked gains nothing. Fails with an OutboundRefused.
   */
  lookup: LookupFunction;
}

export class OutboundRefused extends AppError {
  constructor(host: string, rule: string) {
    super("forbidden", `${host} ${rule}`);
  }
}

type Resolve = (
  hostname: string,
  options: { all: true; family?: number; hints?: number },
  done: (error: Error | null, addresses: LookupAddress[]) => void,
) => void;

const NEVER =
  "is, or resolves to, a link-local, metadata, unspecified or multicast address; nothing is ever sent there";
const LOOPBACK_BY_NAME = "resolves to this machine; to allow that, list a loopback address or localhost itself";

const bareHost = (url: URL): string => url.hostname.replace(/^\[(.*)\]$/u, "$1");

const isLoopbackHost = (host: string): boolean =>
  isIP(host) === 0 ? /^(?:.+\.)?localhost\.?$/u.test(host) : classifyAddress(host) === "loopback";

/** Whether a URL lies below a prefix: the same origin, and its path goes on at a `/`. */
function liesBelow(url: URL, prefix: URL): boolean {
  if (url.origin !== prefix.origin) return false;
  const base = prefix.pathname.replace(/\/$/u, "");
  if (base === "") return true;
  // An encoded slash may become a real one behind our back, and `..` with it.
  if (/%(?:2f|5c)/iu.test(url.pathname)) return false;
  return url.pathname === base || url.pathname.startsWith(`${base}/`);
}

/** What n8n answers below `…/webhook` goes on below `…/webhook-waiting`, and is tried out below `…/webhook-test`. */
function n8nPrefixes(base: string | undefined): URL[] {
  if (base === undefined) return [];
  const url = new URL(base);
  const root = url.pathname.replace(/\/$/u, "");
  const beside = root.endsWith("/webhook") ? ["-waiting", "-test"] : [];
  return [url, ...beside.map((suffix) => new URL(`${root}${suffix}`, url))];
}

/**
 * Allowed are http and https URLs below one of the configured prefixes; with none, those of this machine. Never a user
 * name or password in a URL, never the places of address-class.
 */
export function createOutboundUrls(
  { prefixes, n8nBase }: { prefixes: readonly string[]; n8nBase?: string | undefined },
  resolve: Resolve = systemLookup,
): OutboundUrls {
  const allowed = [...prefixes.map((prefix) => new URL(prefix)), ...n8nPrefixes(n8nBase)];

  function refusal(text: string): string | undefined {
    const url = URL.parse(text);
    if (!url || !/^https?:$/u.test(url.protocol)) return "must be an absolute http or https URL";
    if (url.username !== "" || url.password !== "") return "must not hold a user name or password";
    const host = bareHost(url);
    if (isIP(host) !== 0 && classifyAddress(host) === "forbidden") return NEVER;
    if (allowed.length > 0)
      return allowed.some((prefix) => liesBelow(url, prefix))
        ? undefined
        : "must lie below one of the addresses allowed by OUTBOUND_URLS or N8N_WEBHOOK_BASE";
    if (isLoopbackHost(host)) return undefined;
    return "must be on this machine (127.0.0.1, ::1 or localhost): OUTBOUND_URLS and N8N_WEBHOOK_BASE, which allow others, are not set";
  }

  /** Why the address that a name resolved to may not be used. */
  function refusedAddress(hostname: string, address: string): string | undefined {
    const place = classifyAddress(address);
    if (place === "forbidden") return NEVER;
    if (place === "loopback") return isLoopbackHost(hostname) ? undefined : LOOPBACK_BY_NAME;
    return allowed.length > 0 ? undefined : "does not resolve to this machine";
  }

  return {
    refusal,

    check(field, text) {
      const rule = refusal(text);
      if (rule !== undefined) throw invalidField(field, rule);
      const url = new URL(text);
      url.hash = "";
      return url.href;
    },

    lookup(hostname, options, done) {
      const { family, hints } = options;
      const asked = {
        all: true as const,
        ...(hints !== undefined && { hints }),
        ...(family !== undefined && { family: familyNumber(family) }),
      };
      resolve(hostname, asked, (error, addresses) => {
        if (error) return done(error, "");
        const rule = addresses.map(({ address }) => refusedAddress(hostname, address)).find((it) => it !== undefined);
        if (rule !== undefined) return done(new OutboundRefused(hostname, rule), "");
        const [first] = addresses;
        if (options.all) return done(null, addresses);
        return first ? done(null, first.address, first.family) : done(new Error(`${hostname} has no address`), "");
      });
    },
  };
}

const familyNumber = (family: number | string): number =>
  typeof family === "number" ? family : Number(family.slice(-1));
