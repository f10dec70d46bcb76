import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  hkdfSync,
  randomBytes,
} from "node:crypto";
import { SignJWT } from "jose";
import type { IdentityKey } from "../contract/orchestrator-frames.ts";
import { createRecent } from "../lib/recent.ts";
import type { Viewer } from "./viewer.ts";

const IV_BYTES = 12;
const TAG_BYTES = 16;
/** A machine's clock may be off a little; a token that leaked is soon worth nothing. */
const IDENTITY_SECONDS = 120;
/** What PKCS #8 puts before the 32 bytes of an Ed25519 key. */
const ED25519_HEAD = Buffer.from("302e020100300506032b657004220420", "hex");

export type HubSecrets = ReturnType<typeof createHubSecrets>;

/** All the hub's keys, from its one secret, so that processes which share it open what the others sealed. */
export function createHubSecrets(secret: string) {
  const derive = (purpose: string): Buffer =>
    Buffer.from(hkdfSync("sha256", secret, "claude-orchestrator", `hub ${purpose} v1`, 32));
  const sealKey = derive("github tokens");
  const hopKey = derive("internal hop");
  const privateKey = createPrivateKey({
    key: Buffer.concat([ED25519_HEAD, derive("identity")]),
    format: "der",
    type: "pkcs8",
  });
  const { x = "" } = createPublicKey(privateKey).export({ format: "jwk" });
  const kid = createHash("sha256").update(x).digest("hex").slice(0, 16);
  const identityKey: IdentityKey = { kty: "OKP", crv: "Ed25519", x, kid };

  const signed = createRecent<Promise<string>>({ max: 5_000, ttlMs: (IDENTITY_SECONDS / 2) * 1000 });

  return {
    /** What machines check identities by. */
    identityKey,

    /** Says to the machine that registered as `clientId` who is asking; the same word for half of its lifetime. */
    signIdentity(viewer: Viewer, clientId: string): Promise<string> {
      const key = JSON.stringify([viewer, clientId]);
      const known = signed.get(key);
      if (known) return known;
      const made = new SignJWT({ login: viewer.login, orgs: [...viewer.orgs], teams: [...viewer.teams] })
        .setProtectedHeader({ alg: "EdDSA", kid })
        .setSubject(viewer.githubId === null ? "local" : String(viewer.githubId))
        .setAudience(clientId)
        .setIssuedAt()
        .setExpirationTime(`${IDENTITY_SECONDS}s`)
        .sign(privateKey);
      signed.put(key, made);
      return made;
    },

    /** nonce, tag, text */
    seal(text: string): Buffer {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv("aes-256-gcm", sealKey, iv, { authTagLength: TAG_BYTES });
      const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
      return Buffer.concat([iv, cipher.getAuthTag(), sealed]);
    },

    /** Undefined when it was sealed by another secret, or damaged. */
    open(sealed: Buffer): string | undefined {
      try {
        const decipher = createDecipheriv("aes-256-gcm", sealKey, sealed.subarray(0, IV_BYTES), {
          authTagLength: TAG_BYTES,
        });
        decipher.setAuthTag(sealed.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
        return Buffer.concat([decipher.update(sealed.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]).toString();
      } catch {
        return undefined;
      }
    },

    /** Proof that a request comes from another process of this hub. */
    signHop: (text: string): Buffer => createHmac("sha256", hopKey).update(text).digest(),
  };
}
