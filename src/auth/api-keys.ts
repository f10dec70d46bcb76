import { createHash, timingSafeEqual } from "node:crypto";

export const sha256 = (text: string): Buffer => createHash("sha256").update(text).digest();

export interface ApiKeys {
  /** False when none is configured, so that nothing a client presents can be right. */
  any: boolean;
  /** The name of the key that was presented, `key 1` for the first of API_KEY; undefined when it is none of ours. */
  nameOf(presented: string): string | undefined;
}

/** Compares digests, all of them and in constant time: neither length nor position of a key shows in the time taken. */
export function createApiKeys(keys: readonly string[]): ApiKeys {
  const digests = keys.map(sha256);
  return {
    any: keys.length > 0,
    nameOf(presented) {
      const digest = sha256(presented);
      const matches = digests.map((known) => timingSafeEqual(known, digest));
      const index = matches.indexOf(true);
      return index === -1 ? undefined : keyName(index);
    },
  };
}

export const keyName = (index: number): string => `key ${index + 1}`;
