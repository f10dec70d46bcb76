import { createPublicKey, verify, type KeyObject } from "node:crypto";
import { z } from "zod";
import { AppError, invalidField } from "../../lib/errors.ts";
import type { ArrivedMail } from "./mail-entry.ts";
import { readForm } from "./multipart-form.ts";

const WINDOW_SECONDS = 300;
const MAX_SIGNATURE = 200;

const Envelope = z.object({
  from: z.string().max(400).optional(),
  to: z.array(z.string().max(400)).max(500).optional(),
});

/** The key as SendGrid shows it, base64 of its DER form. AppError "invalid" when it is none. */
export function readSendgridKey(text: string): KeyObject {
  try {
    return createPublicKey({ key: Buffer.from(text, "base64"), format: "der", type: "spki" });
  } catch (cause) {
    throw new AppError("invalid", "SENDGRID_PUBLIC_KEY is not the key that SendGrid shows for its signed webhook", {
      cause,
    });
  }
}

interface Signed {
  body: Buffer;
  signature: string | undefined;
  timestamp: string | undefined;
  now: Date;
}

/** Throws "unauthorized" unless SendGrid signed exactly these bytes, and not long ago. */
export function checkSendgrid(key: KeyObject, { body, signature = "", timestamp = "", now }: Signed): void {
  const age = Math.abs(now.getTime() / 1000 - Number(timestamp));
  const inWindow = /^\d{1,12}$/.test(timestamp) && age <= WINDOW_SECONDS;
  const known =
    signature.length <= MAX_SIGNATURE &&
    verify("sha256", Buffer.concat([Buffer.from(timestamp), body]), key, Buffer.from(signature, "base64"));
  if (!known) throw new AppError("unauthorized", "The request does not carry SendGrid's signature");
  if (!inWindow) throw new AppError("unauthorized", "The signature is older than five minutes, or of the future");
}

/** The mail in a signed request: its raw form, which "POST the raw, full MIME message" turns on. */
export function mailOf(body: Buffer, contentType: string): ArrivedMail {
  const form = readForm(body, contentType);
  const raw = form.get("email");
  if (!raw)
    throw invalidField("body.email", "is missing: switch on the raw, full MIME message in SendGrid's Inbound Parse");
  const envelope = Envelope.safeParse(jsonOf(form.get("envelope"))).data ?? {};
  const ip = form.get("sender_ip")?.toString("latin1").trim();
  return { raw, via: "sendgrid", envelope: { ...envelope, ...(ip === undefined ? {} : { ip }) } };
}

function jsonOf(bytes: Buffer | undefined): unknown {
  try {
    return JSON.parse(bytes?.toString("utf8") ?? "null");
  } catch {
    return null;
  }
}
