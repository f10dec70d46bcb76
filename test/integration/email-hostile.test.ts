import { generateKeyPairSync } from "node:crypto";
import type { Worker } from "node:worker_threads";
import type { DNSResolver } from "mailauth";
import DKIM from "nodemailer/lib/dkim/index.js";
import MailComposer from "nodemailer/lib/mail-composer/index.js";
import { afterEach, expect, test } from "vitest";
import { MAIL_LIMITS } from "../../src/channels/email/mail.ts";
import { readMail } from "../../src/channels/email/read-mail.ts";
import { ADA, startMailReceiving } from "../support/mail-receiving.ts";

const opened: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one[Symbol.asyncDispose]();
});
const start = async (...settings: Parameters<typeof startMailReceiving>) => {
  const mail = await startMailReceiving(...settings);
  opened.push(mail);
  return mail;
};

const PASSED = "Authentication-Results: mx.orch.test; dmarc=pass header.from=people.test";
const mailOf = (body: string, ...headers: string[]) =>
  Buffer.from(
    [PASSED, `From: Ada <${ADA}>`, "To: claude@orch.test", "Subject: [acme/web] Do it", ...headers, "", body].join(
      "\r\n",
    ),
  );

test("a mail that is delivered five times, by different ways, is one message", async () => {
  const mail = await start();
  const raw = mailOf("Please.", "Message-ID: <once@people.test>");
  const again = Buffer.concat([Buffer.from("Received: from elsewhere\r\n"), raw]);
  for (const copy of [raw, raw, again, again]) await mail.take({ raw: copy });
  const footer = await mail.take({ raw: Buffer.concat([raw, Buffer.from("\r\n-- a list's footer")]) });
  expect(footer.status).toBe("done");
  const [session, ...more] = await mail.sessionsMade();
  expect(more).toEqual([]);
  expect(await mail.messagesOf(session?.id ?? "")).toHaveLength(1);
  expect(await mail.notices()).toHaveLength(1);
});

test("a handler that is run again after a kill does nothing twice", async () => {
  const mail = await start();
  const raw = mailOf("Please.", "Message-ID: <again@people.test>");
  await mail.take({ raw });
  const entry = await mail.db.selectFrom("emailMessages").select("id").executeTakeFirstOrThrow();
  await mail.db.updateTable("emailMessages").set({ ledgerId: null }).where("id", "=", entry.id).execute();
  await mail.db.deleteFrom("inbox").where("door", "=", "email").execute();
  expect((await mail.take({ raw })).status).toBe("done");
  const [session, ...more] = await mail.sessionsMade();
  expect(more).toEqual([]);
  expect(await mail.messagesOf(session?.id ?? "")).toHaveLength(1);
  expect(await mail.notices()).toHaveLength(1);
});

test("nobody can keep a mail away by sending another one under its id before", async () => {
  const mail = await start();
  const forged = Buffer.from(`From: Ada <${ADA}>\r\nSubject: x\r\nMessage-ID: <mine@people.test>\r\n\r\nblocked`);
  expect((await mail.take({ raw: forged })).status).toBe("refused");
  expect((await mail.take({ raw: mailOf("Please.", "Message-ID: <mine@people.test>") })).status).toBe("done");
  expect(await mail.sessionsMade()).toHaveLength(1);
});

test("a mail that is too large is refused by its head alone, and its writer is told", async () => {
  const mail = await start();
  const size = MAIL_LIMITS.bytes + 1;
  const { status, reason } = await mail.take({ raw: mailOf(""), size });
  expect({ status, reason }).toEqual({
    status: "refused",
    reason: expect.stringMatching(/^too_large: .*41943041 bytes/),
  });
  expect(await mail.notices()).toMatchObject([{ address: ADA, body: { notice: "refused", kind: "too_large" } }]);
});

test("many parts, deep nesting, endless headers and broken bytes are refused or read within their time", async () => {
  const mail = await start();
  const part = "--b\r\nContent-Type: text/plain\r\n\r\nx\r\n";
  const many = mailOf(part.repeat(5_000), 'Content-Type: multipart/mixed; boundary="b"');
  const nested = Array.from(
    { length: 150 },
    (_, at) => `--b${at}\r\nContent-Type: multipart/mixed; boundary="b${at + 1}"\r\n\r\n`,
  );
  const deep = mailOf(nested.join(""), 'Content-Type: multipart/mixed; boundary="b0"');
  const headers = mailOf("x", ...Array.from({ length: 20_000 }, (_, at) => `X-Long-${at}: ${"y".repeat(40)}`));
  const noise = mailOf(Buffer.from(Array.from({ length: 50_000 }, (_, at) => (at * 7919) % 256)).toString("latin1"));
  const began = performance.now();
  const results = [];
  for (const raw of [many, deep, headers, noise]) results.push(await mail.take({ raw }));
  expect(results.map(({ reason }) => reason)).toEqual([
    expect.stringMatching(/^malformed: .*200 parts/),
    expect.stringMatching(/^malformed: .*40 multiparts/),
    expect.stringMatching(/^malformed: .*too many headers/),
    null,
  ]);
  expect(performance.now() - began).toBeLessThan(60_000);
});

test("reading a mail ends when its time is over", async () => {
  const slow = mailOf(`${"Op a\n".repeat(20_000)}schreef`);
  const began = performance.now();
  await expect(readMail(slow, new AbortController().signal, 1)).rejects.toThrow("takes longer");
  expect(performance.now() - began).toBeLessThan(10_000);
});

test("three mails at most are read at one time, and the others wait", async () => {
  let [reading, most] = [0, 0];
  const count = (worker: Worker) => {
    most = Math.max(most, (reading += 1));
    worker.once("exit", () => (reading -= 1));
  };
  process.on("worker", count);
  try {
    const { signal } = new AbortController();
    const read = await Promise.all(Array.from({ length: 7 }, (_, at) => readMail(mailOf(`Mail ${at}`), signal)));
    expect(read.map(({ mail }) => mail.text.trim())).toEqual(Array.from({ length: 7 }, (_, at) => `Mail ${at}`));
    expect(most).toBe(3);
  } finally {
    process.off("worker", count);
  }
});

test("the twenty-first mail of an hour in one conversation is refused without an answer", async () => {
  const mail = await start();
  const sessionId = await mail.answered();
  const to = `To: ${mail.addresses.of(sessionId)}`;
  const statuses: (string | null | undefined)[] = [];
  for (let at = 0; at < 21; at += 1) {
    const { reason } = await mail.take({ raw: mailOf(`Number ${at}`, to, `Message-ID: <${at}@people.test>`) });
    statuses.push(reason);
  }
  expect(statuses.slice(0, 20).every((reason) => reason === null)).toBe(true);
  expect(statuses[20]).toMatch(/^too_many/);
  expect(await mail.notices()).toEqual([]);
});

const keys = generateKeyPairSync("rsa", { modulusLength: 2048 });
const publicKey = keys.publicKey.export({ type: "spki", format: "der" }).toString("base64");
const dnsOf =
  (texts: Record<string, string>): DNSResolver =>
  (name, type) => {
    const text = type === "TXT" ? texts[name] : undefined;
    return text === undefined
      ? Promise.reject(Object.assign(new Error("none"), { code: "ENOTFOUND" }))
      : Promise.resolve([[text]]);
  };
const resolver = dnsOf({
  "s._domainkey.people.test": `v=DKIM1; k=rsa; p=${publicKey}`,
  "s._domainkey.evil.test": `v=DKIM1; k=rsa; p=${publicKey}`,
  "_dmarc.people.test": "v=DMARC1; p=reject",
});

async function signed(domainName: string, from = ADA): Promise<Buffer> {
  const composed = new MailComposer({
    from,
    to: "claude@orch.test",
    subject: "[acme/web] Signed",
    text: "Please.",
    messageId: `<${domainName}@x>`,
  });
  const privateKey = keys.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const stream = new DKIM({ domainName, keySelector: "s", privateKey }).sign(await composed.compile().build(), {});
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk as Buffer));
  return Buffer.concat(chunks);
}

test("without a server of ours that says so, signatures are checked here; results that a mail brings along count for nothing", async () => {
  const mail = await start({ authservId: undefined, resolver });
  const raw = await signed("people.test");
  expect(await mail.take({ raw })).toMatchObject({ status: "done" });
  const changed = Buffer.from(
    raw
      .toString("latin1")
      .replace("Please.", "Now!!!!")
      .replace("Message-ID: <people.test@x>", "Message-ID: <other@x>"),
    "latin1",
  );
  const cases = [
    changed,
    await signed("evil.test"),
    mailOf("Unsigned."),
    Buffer.concat([Buffer.from(`${PASSED}\r\n`), await signed("evil.test")]),
  ];
  for (const one of cases) expect((await mail.take({ raw: one })).reason).toMatch(/^not_authenticated/);
  expect(await mail.sessionsMade()).toHaveLength(1);
});

test("over HTTP the results header counts for nothing even where our server has a name", async () => {
  const mail = await start({ resolver });
  expect((await mail.take({ raw: mailOf("Trust me."), via: "http" })).reason).toMatch(/^not_authenticated/);
  expect(await mail.take({ raw: await signed("people.test"), via: "http" })).toMatchObject({ status: "done" });
});

test("a mail that cannot be checked because DNS is down is tried again", async () => {
  let asked = 0;
  const flaky: DNSResolver = (name, type) =>
    (asked += 1) < 4 ? Promise.reject(Object.assign(new Error("down"), { code: "ETIMEOUT" })) : resolver(name, type);
  const mail = await start({ authservId: undefined, resolver: flaky });
  expect(await mail.take({ raw: await signed("people.test") })).toMatchObject({ status: "done" });
});
