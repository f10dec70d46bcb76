import { Resolver } from "node:dns/promises";
import { isIP } from "node:net";
import { authenticate, type AuthenticateResult, type DNSResolver } from "mailauth";
import { ownResults, plainDomain, speaksFor } from "./authentication-results.ts";
import type { MailHead } from "./mail-head.ts";

/** What the SMTP session said, where we are told of it; it counts for SPF. */
export interface Envelope {
  from?: string | undefined;
  to?: string[] | undefined;
  ip?: string | undefined;
  helo?: string | undefined;
}

export type Authenticity = { is: "proven" } | { is: "unproven"; why: string };

const DNS_MS = 5_000;
const MAX_LOOKUPS = 60;
const VERIFY_MS = 30_000;
const MAX_SIGNATURES = 10;
const unproven = (why: string): Authenticity => ({ is: "unproven", why });

/**
 * By the results header of our own mail server: DMARC passed for the author's domain, or, where the domain has no such
 * policy, a signature that speaks for it.
 */
export function judgeResults(head: MailHead, authservId: string, from: string): Authenticity {
  const found = ownResults(head.all("authentication-results"), authservId);
  if (!found) return unproven(`the mail has no Authentication-Results of ${authservId}`);
  const domain = plainDomain(from);
  const dmarc = found.results.find(({ method }) => method === "dmarc");
  if (dmarc?.result === "pass")
    return plainDomain(dmarc.properties["header.from"] ?? "") === domain
      ? { is: "proven" }
      : unproven("DMARC passed for another domain than the author's");
  if (dmarc && dmarc.result !== "none") return unproven(`DMARC says ${dmarc.result}`);
  const signed = found.results.some(
    ({ method, result, properties }) =>
      method === "dkim" &&
      result === "pass" &&
      speaksFor(properties["header.d"] ?? properties["header.i"] ?? "", domain),
  );
  return signed ? { is: "proven" } : unproven("neither DMARC nor a signature of the author's domain vouches for it");
}

/** By ourselves: signatures, and SPF where the envelope is known. DNS is asked, for a bounded time. */
export async function verifyOurselves(
  raw: Buffer,
  {
    head,
    from,
    envelope,
    resolver = systemResolver(),
  }: { head: MailHead; from: string; envelope: Envelope; resolver?: DNSResolver | undefined },
): Promise<Authenticity> {
  if (head.all("dkim-signature").length > MAX_SIGNATURES) return unproven("it carries too many signatures");
  const verdict = await inTime(
    authenticate(raw, {
      resolver: bounded(resolver),
      disableArc: true,
      disableBimi: true,
      rejectRsaSha1: true,
      // Without this the library asks a Return-Path that the sender may have written.
      sender: envelope.from ?? "",
      ...(envelope.ip !== undefined && isIP(envelope.ip) !== 0 ? { ip: envelope.ip } : {}),
      ...(envelope.helo === undefined ? {} : { helo: envelope.helo }),
    }),
  );
  if (!verdict) throw new Error("checking the signatures of a mail took too long");
  return judgeVerdict(verdict, from);
}

/** The same rules as for a results header; what DNS did not tell yet is asked again later. */
function judgeVerdict({ dkim, dmarc }: AuthenticateResult, from: string): Authenticity {
  const policy = dmarc === false ? "none" : dmarc.status.result;
  if (policy === "pass") return { is: "proven" };
  const signatures = dkim.results.filter(({ signingDomain = "" }) => speaksFor(signingDomain, from));
  if (policy === "temperror" || signatures.some(({ status }) => status.result === "temperror"))
    throw new Error("DNS did not answer when a mail was checked");
  if (policy !== "none") return unproven(`DMARC says ${policy}`);
  // A signature that leaves out the end of the body says nothing about what was put there.
  const signed = signatures.some(({ status }) => status.result === "pass" && !status.underSized);
  return signed ? { is: "proven" } : unproven("neither DMARC nor a signature of the author's domain vouches for it");
}

function systemResolver(): DNSResolver {
  const dns = new Resolver({ timeout: DNS_MS, tries: 2 });
  return (name, type) => dns.resolve(name, type) as Promise<string[][] | string[]>;
}

/** A mail chooses which names are asked for; it does not get to choose how many. */
function bounded(resolver: DNSResolver): DNSResolver {
  let lookups = 0;
  return (name, type) => {
    if ((lookups += 1) > MAX_LOOKUPS)
      return Promise.reject(Object.assign(new Error("too many look-ups for one mail"), { code: "ENOTFOUND" }));
    return resolver(name, type);
  };
}

async function inTime<T>(promise: Promise<T>): Promise<T | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), VERIFY_MS);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
