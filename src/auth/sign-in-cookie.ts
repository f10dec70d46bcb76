import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import { keyName } from "./api-keys.ts";

export const SIGN_IN_COOKIE = "orchestrator_sign_in";
export const SIGN_IN_SECONDS = 30 * 24 * 60 * 60;

export interface SignInCookies {
  /** The value of a cookie for the holder of the key of that name. */
  issue(name: string): string;
  /** The key's name, if this value was issued by us, is not expired and its key still stands in API_KEY. */
  nameOf(value: string): string | undefined;
}

/**
 * Stateless sign-in: `<expiry>.<HMAC of the expiry>` under a secret derived from the API key, so a changed key ends every
 * sign-in made with it and nothing has to be stored.
 */
export function createSignInCookies(keys: readonly string[], now: () => number = Date.now): SignInCookies {
  const secrets = keys.map((key) =>
    Buffer.from(hkdfSync("sha256", key, "claude-orchestrator", "sign-in cookie v1", 32)),
  );
  return {
    issue(name) {
      const secret = secrets.find((_, index) => keyName(index) === name);
      if (!secret) throw new TypeError(`no key is called ${name}`);
      const expiry = String(Math.floor(now() / 1000) + SIGN_IN_SECONDS);
      return `${expiry}.${sign(secret, expiry).toString("base64url")}`;
    },
    nameOf(value) {
      const [expiry = "", signature = ""] = value.split(".");
      if (!/^\d{1,12}$/u.test(expiry) || Number(expiry) * 1000 <= now()) return undefined;
      const given = Buffer.from(signature, "base64url");
      const index = secrets.findIndex((secret) => given.length === 32 && timingSafeEqual(sign(secret, expiry), given));
      return index === -1 ? undefined : keyName(index);
    },
  };
}

const sign = (secret: Buffer, expiry: string): Buffer => createHmac("sha256", secret).update(expiry).digest();

/** The value of one cookie in a Cookie header; a cookie set twice counts as absent, since one of them is not ours. */
export function cookieValue(header: string | undefined, name: string): string | undefined {
  const values = (header ?? "")
    .split(";")
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
  return values.length === 1 ? values[0] : undefined;
}
