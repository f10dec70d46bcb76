import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { join } from "node:path";
import type { Database } from "../db/database.ts";
import { findSecretFile, readSecretFile } from "../lib/secret-file.ts";
import { findClaim, removeClaim, saveClaim } from "./claim-queries.ts";

const IV_BYTES = 12;
const TAG_BYTES = 16;

export interface ClaimedToken {
  token: string;
  clientId: string | undefined;
}

export interface ClaimStore {
  /** Undefined when there is none, or the key that opens it is gone: then the machine is to be claimed again. */
  read(): Promise<ClaimedToken | undefined>;
  save(claimed: ClaimedToken): Promise<unknown>;
  /** The hub no longer takes it. */
  forget(): Promise<unknown>;
}

interface StoreParts {
  db: Database;
  dataDir: string;
  hub: string;
}

const KEY_FILE = "orchestrator-token-key";

/** The same as the store reads, for who only looks: no key is made where there is none. */
export async function findClaimedToken(parts: StoreParts): Promise<ClaimedToken | undefined> {
  if ((await findSecretFile(join(parts.dataDir, KEY_FILE))) === undefined) return undefined;
  return (await openClaimStore(parts)).read();
}

/** Where the token is kept that a hub gave us when we were claimed: encrypted, by a key outside the database. */
export async function openClaimStore(parts: StoreParts): Promise<ClaimStore> {
  const { db, dataDir, hub } = parts;
  const secret = await readSecretFile(join(dataDir, KEY_FILE));
  const key = Buffer.from(hkdfSync("sha256", secret, "claude-orchestrator", "hub token v1", 32));
  const bound = Buffer.from(`token for ${hub}`);

  function seal(token: string): Buffer {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv("aes-256-gcm", key, iv, { authTagLength: TAG_BYTES }).setAAD(bound);
    const sealed = Buffer.concat([cipher.update(token, "utf8"), cipher.final()]);
    return Buffer.concat([iv, cipher.getAuthTag(), sealed]);
  }

  function unseal(sealed: Buffer): string | undefined {
    try {
      const iv = sealed.subarray(0, IV_BYTES);
      const decipher = createDecipheriv("aes-256-gcm", key, iv, { authTagLength: TAG_BYTES });
      decipher.setAAD(bound).setAuthTag(sealed.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
      return Buffer.concat([decipher.update(sealed.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]).toString();
    } catch {
      return undefined;
    }
  }

  return {
    async read() {
      const claim = await findClaim(db, hub);
      const token = claim && unseal(claim.sealedToken);
      return token === undefined ? undefined : { token, clientId: claim?.clientId ?? undefined };
    },
    save: ({ token, clientId }) => saveClaim(db, { hub, sealedToken: seal(token), clientId: clientId ?? null }),
    forget: () => removeClaim(db, hub),
  };
}
