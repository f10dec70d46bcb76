import { generateKeyPairSync, sign } from "node:crypto";
import { expect, test } from "vitest";
import { readForm } from "../../../../src/channels/email/multipart-form.ts";
import { checkSendgrid, mailOf, readSendgridKey } from "../../../../src/channels/email/sendgrid.ts";

const keys = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
const key = readSendgridKey(keys.publicKey.export({ type: "spki", format: "der" }).toString("base64"));
const now = new Date("2026-11-21T12:00:00Z");
const TYPE = "multipart/form-data; boundary=xYzZY";
const field = (name: string, value: string) =>
  `--xYzZY\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
const bodyOf = (...fields: [string, string][]) =>
  Buffer.from(`${fields.map(([name, value]) => field(name, value)).join("")}--xYzZY--\r\n`, "latin1");
const RAW = "From: ada@people.test\r\nSubject: Gr\xfc\xdfe\r\n\r\nHello";
const body = bodyOf(
  ["email", RAW],
  ["envelope", '{"to":["claude@orch.test"],"from":"ada@people.test"}'],
  ["sender_ip", "192.0.2.7"],
);

const signed = (bytes: Buffer, timestamp: string) => ({
  body: bytes,
  timestamp,
  signature: sign("sha256", Buffer.concat([Buffer.from(timestamp), bytes]), keys.privateKey).toString("base64"),
  now,
});
const at = (seconds: number) => String(now.getTime() / 1000 + seconds);

test("what SendGrid signed within five minutes is taken", () => {
  for (const seconds of [-299, 0, 299]) expect(() => checkSendgrid(key, signed(body, at(seconds)))).not.toThrow();
});

test("an older or a future request, another body, another time, and no signature are refused", () => {
  const good = signed(body, at(0));
  const bad = [
    signed(body, at(-301)),
    signed(body, at(301)),
    signed(body, "1e3"),
    { ...good, body: Buffer.concat([body, Buffer.from(" ")]) },
    { ...good, timestamp: at(1) },
    { ...good, signature: undefined },
    { ...good, signature: "AAAA" },
    { ...good, timestamp: undefined },
  ];
  for (const one of bad) expect(() => checkSendgrid(key, one)).toThrow(/signature/);
});

test("the raw mail comes out byte for byte, with what the SMTP session said", () => {
  const mail = mailOf(body, TYPE);
  expect(mail.raw.toString("latin1")).toBe(RAW);
  expect(mail.envelope).toEqual({ from: "ada@people.test", to: ["claude@orch.test"], ip: "192.0.2.7" });
});

test("a form without the raw mail is refused, and so is one that ends early", () => {
  expect(() => mailOf(bodyOf(["text", "Hello"]), TYPE)).toThrow(/raw, full MIME/);
  expect(() => readForm(body.subarray(0, 100), TYPE)).toThrow(/complete/);
  expect(() => readForm(body, "application/json")).toThrow(/multipart/);
});

test("a key that is none is named when the server starts", () => {
  expect(() => readSendgridKey("no key")).toThrow("SENDGRID_PUBLIC_KEY");
});
