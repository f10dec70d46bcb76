import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { deriveKey } from "../../lib/token-cipher.ts";

/** How long somebody may look at Slack's page before they allow. */
export const INSTALL_SECONDS = 15 * 60;

export type InstallState = ReturnType<typeof createInstallState>;

/**
 * What ties an installation to the person who began it: signed by us, so that only who was let in to /slack/install
 * has one, and kept in a cookie of their browser, so that nobody else can finish it.
 */
export function createInstallState(secret: string, now: () => number = Date.now) {
  const key = deriveKey(secret, "install state");
  const sign = (text: string): string => createHmac("sha256", key).update(text).digest("base64url");

  return {
    issue(): string {
      const text = `${Math.floor(now() / 1000) + INSTALL_SECONDS}.${randomBytes(18).toString("base64url")}`;
      return `${text}.${sign(text)}`;
    },

    /** Whether Slack brought back the state that this browser was given. */
    fits(state: string, cookie: string | undefined): boolean {
      const [expiry = "", nonce = "", signature = ""] = state.split(".");
      if (!/^\d{1,12}$/.test(expiry) || Number(expiry) * 1000 <= now()) return false;
      return cookie !== undefined && same(cookie, state) && same(signature, sign(`${expiry}.${nonce}`));
    },
  };
}

function same(given: string, ours: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(ours)];
  return a.length === b.length && timingSafeEqual(a, b);
}
