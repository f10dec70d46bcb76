import type { IncomingMessage } from "node:http";
import { AppError } from "../lib/errors.ts";
import { sha256 } from "./api-keys.ts";
import { createBrowserRules, isForwarded } from "./browser-rules.ts";
import { type Caller, findCaller } from "./caller.ts";
import { hostName, isLoopbackAddress, isLoopbackName } from "./host-names.ts";
import { createKeyJudge, presentedCredential } from "./judge-key.ts";
import { rememberRuns } from "./remember-runs.ts";
import { cookieValue, createSignInCookies, SIGN_IN_COOKIE } from "./sign-in-cookie.ts";

/** Tokens of runs; they open only the hook routes. */
const RUN_TOKEN_PREFIX = "orch_run_";
const HOOK_PATH = /^\/api\/hooks(?:[/?]|$)/u;

/** The run that a token's SHA-256 (hex) belongs to; undefined when there is none or its time is over. */
export type VerifyRunToken = (hash: string) => Promise<{ runId: string; sessionId: string } | undefined>;

export interface AuthSettings {
  host: string;
  publicUrl?: string | undefined;
  allowedHosts: readonly string[];
  apiKeys: readonly string[];
  verifyRunToken: VerifyRunToken;
}

export type WhoIsAsking = ReturnType<typeof createWhoIsAsking>;

/**
 * Judges requests by the rules of "Who may ask": a key or run token counts alone; a cookie or being on this machine only
 * counts for requests that no foreign page can have caused.
 */
export function createWhoIsAsking(settings: AuthSettings) {
  const keys = createKeyJudge(settings.apiKeys);
  const cookies = createSignInCookies(settings.apiKeys);
  const rules = createBrowserRules(settings);
  const verifyRunToken = rememberRuns(settings.verifyRunToken);
  const isLocal = localTrust(settings, keys, rules.publicHost);

  async function judgeRunToken(token: string, req: IncomingMessage): Promise<Caller> {
    const run = await verifyRunToken(sha256(token).toString("hex"));
    if (!run) throw new AppError("unauthorized", "This run token is not known, or its run is over");
    if (!HOOK_PATH.test(req.url ?? "")) throw new AppError("forbidden", "A run token only opens /api/hooks");
    return { kind: "run", name: `run ${run.runId}`, ...run };
  }

  function judgeWithoutKey(req: IncomingMessage): Caller {
    rules.check(req);
    const cookie = cookieValue(req.headers.cookie, SIGN_IN_COOKIE);
    const name = cookie === undefined ? undefined : cookies.nameOf(cookie);
    if (name !== undefined) return { kind: "cookie", name };
    if (isLocal(req)) return { kind: "local", name: "local" };
    throw new AppError("unauthorized", noCallerText(keys.any));
  }

  return {
    /** Who sent this request; throws unauthorized, forbidden, unsupported_media_type or rate_limited. */
    async identify(req: IncomingMessage): Promise<Caller> {
      const known = findCaller(req);
      if (known) return known;
      const credential = presentedCredential(req);
      if (credential === undefined) return judgeWithoutKey(req);
      if (credential.startsWith(RUN_TOKEN_PREFIX)) return judgeRunToken(credential, req);
      return { kind: "key", name: keys.judge(credential, req) };
    },
    /** The cookie value for a right key. Signing in is a browser's request, so a browser's rules hold for it. */
    signIn(req: IncomingMessage, apiKey: string): string {
      rules.check(req);
      return cookies.issue(keys.judge(apiKey, req));
    },
    checkBrowser: (req: IncomingMessage): void => rules.check(req),
  };
}

/**
 * Local trust needs a loopback listener, a loopback peer and no sign of a proxy. A name from ALLOWED_HOSTS counts as local
 * only while there is no key to ask for, and a public name never: a proxy that keeps quiet may stand before it.
 */
function localTrust({ host }: AuthSettings, keys: { any: boolean }, publicHost: string | undefined) {
  const listensOnLoopback = isLoopbackName(host);
  return (req: IncomingMessage): boolean => {
    const name = hostName(req.headers.host) ?? "";
    const isLocalName = isLoopbackName(name) || (!keys.any && name !== publicHost);
    return listensOnLoopback && isLoopbackAddress(req.socket.remoteAddress) && !isForwarded(req) && isLocalName;
  };
}

const noCallerText = (anyKey: boolean): string =>
  anyKey
    ? "Send an API key as `Authorization: Bearer …` or `x-api-key`, or sign in at POST /api/sign-in"
    : "Requests that do not come straight from this machine need an API key, and none is configured; set API_KEY";
