import { createHmac, timingSafeEqual } from "node:crypto";

export type ReplyAddresses = ReturnType<typeof createReplyAddresses>;

const SESSION_HEX = 16;
const SIGNATURE_HEX = 12;
const TAG = new RegExp(`^([0-9a-f]{${SESSION_HEX}})-([0-9a-f]{${SIGNATURE_HEX}})$`);
/** What looks like one of our tags without being one is a forgery, not the name of a repository. */
const LOOKS_SIGNED = /^[0-9a-f]{8,64}-[0-9a-f]{6,64}$/;

export type PlusTag =
  /** Ours: the first half of the session's id as hex. */
  | { is: "session"; prefix: string }
  | { is: "forged" }
  /** Something else stands there, such as a repository. */
  | { is: "other"; tag: string };

/**
 * The addresses that answers of a session go to, `bot+<session>-<signature>@example.org`: a reply names its session
 * even when the mail program drops all headers, and nobody can make up an address of another session.
 */
export function createReplyAddresses({ address, secret }: { address: string; secret: Buffer }) {
  const at = address.lastIndexOf("@");
  const [local, domain] = [address.slice(0, at).toLowerCase(), address.slice(at + 1).toLowerCase()];

  const sign = (prefix: string): string =>
    createHmac("sha256", secret).update(`session ${prefix}`).digest("hex").slice(0, SIGNATURE_HEX);

  function read(tag: string): PlusTag {
    const [, prefix, signature] = TAG.exec(tag) ?? [];
    if (prefix !== undefined && signature !== undefined && same(signature, sign(prefix)))
      return { is: "session", prefix };
    return LOOKS_SIGNED.test(tag) ? { is: "forged" } : { is: "other", tag };
  }

  return {
    /** Where replies to this session go: the value of Reply-To. */
    of(sessionId: string): string {
      const prefix = sessionId.replaceAll("-", "").slice(0, SESSION_HEX);
      return `${local}+${prefix}-${sign(prefix)}@${domain}`;
    },
    /** The address with the tag of a repository, `bot+owner.repo@example.org`. */
    ofTag: (tag: string): string => `${local}+${tag.toLowerCase()}@${domain}`,
    /** Whether mail to it comes to us, with whatever tag. */
    isOurs(recipient: string): boolean {
      const [name, host] = parts(recipient);
      return host === domain && (name === local || name.startsWith(`${local}+`));
    },
    /** The tags of those recipients that are ours; mail servers may have changed their case. */
    tagsOf(recipients: readonly string[]): PlusTag[] {
      const tags = recipients.flatMap((recipient) => {
        const [name, host] = parts(recipient);
        return host === domain && name.startsWith(`${local}+`) ? [name.slice(local.length + 1)] : [];
      });
      return [...new Set(tags)].filter((tag) => tag !== "").map(read);
    },
  };
}

function parts(recipient: string): [string, string] {
  const lower = recipient.trim().toLowerCase();
  const at = lower.lastIndexOf("@");
  return [lower.slice(0, at), lower.slice(at + 1)];
}

const same = (left: string, right: string): boolean =>
  left.length === right.length && timingSafeEqual(Buffer.from(left), Buffer.from(right));
