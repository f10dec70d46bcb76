import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from "node:crypto";
import { join } from "node:path";
import { AppError } from "./errors.ts";
import { findSecretFile, readSecretFile } from "./secret-file.ts";

const FORMAT = 1;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = 1 + IV_BYTES + TAG_BYTES;

export type TokenCipher = ReturnType<typeof createTokenCipher>;

const fileIn = (dataDir: string): string => join(dataDir, "slack-token-key");

/** The configured secret, else one that is made once in the data directory: several machines must be given the same. */
export const readTokenSecret = async (configured: string | undefined, dataDir: string): Promise<string> =>
  configured ?? readSecretFile(fileIn(dataDir));

/** The same, for who only looks: undefined where none was made yet. */
export const findTokenSecret = async (configured: string | undefined, dataDir: string): Promise<string | undefined> =>
  configured ?? findSecretFile(fileIn(dataDir));

/** A key for one purpose, from the one secret that is kept. */
export const deriveKey = (secret: string, purpose: string): Buffer =>
  Buffer.from(hkdfSync("sha256", secret, "claude-orchestrator", `slack ${purpose} v1`, 32));

const bind = (team: string): Buffer => Buffer.from(`slack bot token of ${team}`);

/** Keeps tokens unreadable in the database; what was sealed for one workspace does not open for another. */
export function createTokenCipher(secret: string) {
  const key = deriveKey(secret, "tokens");
  const keyId = createHmac("sha256", key).update("key id").digest("hex").slice(0, 16);

  return {
    /** Says by which key a token was sealed without saying anything about the key. */
    keyId,

    /** format byte, nonce, tag, text */
    seal(team: string, token: string): Buffer {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv("aes-256-gcm", key, iv, { authTagLength: TAG_BYTES }).setAAD(bind(team));
      const sealed = Buffer.concat([cipher.update(token, "utf8"), cipher.final()]);
      return Buffer.concat([Buffer.from([FORMAT]), iv, cipher.getAuthTag(), sealed]);
    },

    open(team: string, sealed: Buffer): string {
      const iv = sealed.subarray(1, 1 + IV_BYTES);
      const tag = sealed.subarray(1 + IV_BYTES, HEAD_BYTES);
      try {
        if (sealed[0] !== FORMAT || tag.length !== TAG_BYTES) throw new Error("unknown format");
        const decipher = createDecipheriv("aes-256-gcm", key, iv, { authTagLength: TAG_BYTES });
        decipher.setAAD(bind(team)).setAuthTag(tag);
        return Buffer.concat([decipher.update(sealed.subarray(HEAD_BYTES)), decipher.final()]).toString("utf8");
      } catch (error) {
        throw new AppError("unavailable", `The token of Slack workspace ${team} is damaged: install the app again`, {
          cause: error,
        });
      }
    },
  };
}
