import type { DNSResolver } from "mailauth";
import { judgeResults, verifyOurselves, type Authenticity, type Envelope } from "./authenticity.ts";
import { loopSign } from "./loop-signs.ts";
import type { MailHead } from "./mail-head.ts";
import type { MailAddress } from "./mail.ts";
import type { Refusal } from "./refusal.ts";

/** How a mail came to us. Only what we fetched from our own server carries results of ours. */
export type Via = "imap" | "http" | "sendgrid";

export interface Trust {
  allowedSenders: readonly string[];
  authservId: string | undefined;
  /** Who asks DNS; the machine's own when absent. */
  resolver?: DNSResolver | undefined;
}

export type Judgement =
  | { is: "trusted"; from: MailAddress }
  /** `mayAnswer`: the address is proven to be the writer's, and no machine reads the answer. */
  | { is: "refused"; refusal: Refusal; from: string | undefined; mayAnswer: boolean };

interface Asking {
  raw: Buffer;
  head: MailHead;
  from: readonly MailAddress[];
  subject: string;
  via: Via;
  envelope: Envelope;
  /** Only the head is there: signatures cannot be checked. */
  headOnly?: boolean;
}

const silent = (kind: Refusal["kind"], why: string, from?: string): Judgement => ({
  is: "refused",
  refusal: { kind, why },
  from,
  mayAnswer: false,
});

/** Whether a mail may start anything: one author, a person, proven, and on the list of who may. */
export async function judgeSender(trust: Trust, asking: Asking): Promise<Judgement> {
  const { head, subject, envelope } = asking;
  const author = onlyAuthor(asking);
  if (!author) return silent("malformed", "The mail does not have exactly one author.");
  const from = author.address;
  const loop = loopSign(head, { from, subject }) ?? (envelope.from === "" ? "it has no return path" : undefined);
  if (loop !== undefined) return silent("loop", `The mail was not taken: ${loop}.`, from);
  const authenticity = await judge(trust, asking, from);
  const proven = authenticity.is === "proven";
  if (!isAllowed(trust.allowedSenders, from)) {
    const refusal: Refusal = { kind: "sender_not_allowed", why: `${from} may not write here.` };
    return { is: "refused", refusal, from, mayAnswer: proven };
  }
  if (proven) return { is: "trusted", from: author };
  return silent("not_authenticated", `Nothing proves that the mail comes from ${from}: ${authenticity.why}.`, from);
}

function onlyAuthor({ head, from }: Asking): MailAddress | undefined {
  const [author, ...others] = from;
  if (head.all("from").length !== 1 || !author || others.length > 0) return undefined;
  return isAddress(author.address) ? author : undefined;
}

async function judge(
  trust: Trust,
  { raw, head, via, envelope, headOnly }: Asking,
  from: string,
): Promise<Authenticity> {
  if (via === "imap" && trust.authservId !== undefined) return judgeResults(head, trust.authservId, from);
  if (headOnly === true) return { is: "unproven", why: "it was not fetched as a whole" };
  return verifyOurselves(raw, { head, from, envelope, resolver: trust.resolver });
}

const isAddress = (text: string): boolean => /^[^\s<>@]{1,200}@[^\s<>@]{1,255}$/.test(text);

/** An address of the list, or anybody of one of its domains. */
export const isAllowed = (allowed: readonly string[], from: string): boolean =>
  allowed.some((entry) => (entry.startsWith("@") ? from.endsWith(entry) : from === entry));
