import { generateKeyPairSync, sign } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { MailReceived, RefusedMailPage, SessionMailPage } from "../../src/contract/email.ts";
import { testApp, type TestApp } from "../support/app.ts";

const API_KEY = "a-key-of-this-test-0001";
const keys = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
const RAW =
  "From: Ada <ada@people.invalid>\r\nTo: claude@orch.test\r\nSubject: Hello\r\nMessage-ID: <http@people.invalid>\r\n\r\nHi";
let app: TestApp;
beforeAll(async () => {
  app = await testApp({
    API_KEY,
    SMTP_HOST: "127.0.0.1",
    SMTP_PORT: "9",
    EMAIL_FROM: "Claude <claude@orch.test>",
    EMAIL_ALLOWED_SENDERS: "@people.invalid",
    SENDGRID_PUBLIC_KEY: keys.publicKey.export({ type: "spki", format: "der" }).toString("base64"),
  });
});
afterAll(() => app[Symbol.asyncDispose]());

const post = (path: string, body: string, headers: Record<string, string>) =>
  app.fetch(path, { method: "POST", body, headers });
const asCaller = { authorization: `Bearer ${API_KEY}`, "content-type": "message/rfc822" };

test("a raw mail is kept, answered with 202, known the second time, and its refusal can be looked at", async () => {
  const first = await post("/api/inbound/email", RAW, { ...asCaller, "x-envelope-from": "" });
  expect(first.status).toBe(202);
  expect(MailReceived.parse(await first.json())).toEqual({ status: "received", messageId: "<http@people.invalid>" });
  const second = await post("/api/inbound/email", RAW, asCaller);
  expect(await second.json()).toMatchObject({ status: "known" });
  const refused = async () =>
    RefusedMailPage.parse(await (await app.fetch("/api/inbound/email/refused", { headers: asCaller })).json());
  await expect
    .poll(async () => (await refused()).items, { timeout: 30_000 })
    .toMatchObject([
      {
        messageId: "<http@people.invalid>",
        via: "http",
        status: "refused",
        reason: expect.stringMatching(/^loop: .*return path/),
      },
    ]);
});

test("without a key nobody hands in a mail, and what is no mail is refused", async () => {
  expect(
    (await post("/api/inbound/email", RAW, { "content-type": "message/rfc822", "x-forwarded-for": "192.0.2.1" }))
      .status,
  ).toBeGreaterThanOrEqual(401);
  expect((await post("/api/inbound/email", RAW, { ...asCaller, "content-type": "text/html" })).status).toBe(415);
  expect((await post("/api/inbound/email", "", asCaller)).status).toBe(400);
  const huge = "x".repeat(42 * 1024 ** 2);
  expect((await post("/api/inbound/email", huge, asCaller)).status).toBe(413);
});

test("a mail server on this machine needs no key, and a page of another site has no use of that", async () => {
  const type = { "content-type": "message/rfc822" };
  const mail = RAW.replace("<http", "<local");
  const foreign = await post("/api/inbound/email", mail, { ...type, origin: "https://elsewhere.invalid" });
  expect(foreign.status).toBe(403);
  expect((await post("/api/inbound/email", mail, { "content-type": "text/plain" })).status).toBe(415);
  expect((await post("/api/sessions", mail, type)).status).toBe(415);
  const taken = await post("/api/inbound/email", mail, type);
  expect({ status: taken.status, body: await taken.json() }).toEqual({
    status: 202,
    body: { status: "received", messageId: "<local@people.invalid>" },
  });
});

test("SendGrid's request is taken without a key when it is signed, and only then", async () => {
  const body = `--b\r\nContent-Disposition: form-data; name="email"\r\n\r\n${RAW.replace("<http", "<grid")}\r\n--b--\r\n`;
  const timestamp = String(Math.floor(Date.now() / 1000));
  const signature = sign("sha256", Buffer.from(timestamp + body), keys.privateKey).toString("base64");
  const headers = {
    "content-type": "multipart/form-data; boundary=b",
    "x-twilio-email-event-webhook-timestamp": timestamp,
    "x-twilio-email-event-webhook-signature": signature,
  };
  const taken = await post("/api/inbound/email/sendgrid", body, headers);
  expect(taken.status).toBe(202);
  expect(await taken.json()).toEqual({ status: "received", messageId: "<grid@people.invalid>" });
  expect((await post("/api/inbound/email/sendgrid", `${body} `, headers)).status).toBe(401);
  expect((await post("/api/inbound/email/sendgrid", body, { "content-type": headers["content-type"] })).status).toBe(
    401,
  );
});

test("a session that no mail belongs to has an empty list of mails", async () => {
  const path = "/api/sessions/00000000-0000-4000-8000-000000000000/emails";
  expect(SessionMailPage.parse(await (await app.fetch(path, { headers: asCaller })).json())).toEqual({
    items: [],
    nextCursor: null,
  });
});
