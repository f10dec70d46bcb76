import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

const TOKEN = /^ao_([0-9a-f]{16})_([\w-]{1,200})$/;

/** `ao_<id>_<secret>`: 16 and 64 hexadecimal digits; only the SHA-256 of the secret is kept. */
export function issueToken(id: string = newTokenId()) {
  const secret = randomBytes(32).toString("hex");
  return { id, text: `ao_${id}_${secret}`, secretHash: hashSecret(secret) };
}

export const newTokenId = (): string => randomBytes(8).toString("hex");

/** A secret that proves something by being known; guessing one is hopeless, so a plain hash is enough. */
export const newSecret = (): string => randomBytes(32).toString("base64url");

export const hashSecret = (secret: string): Buffer => createHash("sha256").update(secret).digest();

export function parseToken(text: string): { id: string; secretHash: Buffer } | undefined {
  const [, id, secret] = TOKEN.exec(text) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secretHash: hashSecret(secret) };
}

/** In a time that does not tell how much of it was right. */
export const sameHash = (given: Buffer, ours: Buffer | null): boolean =>
  ours !== null && given.length === ours.length && timingSafeEqual(given, ours);
