import { expect, test } from "vitest";
import { judgeSmtpError } from "../../../../src/channels/email/smtp-result.ts";

const error = (fields: object) => Object.assign(new Error("it failed"), fields);
const judge = (fields: object, handedOver = false) => judgeSmtpError(error(fields), { handedOver, secret: "hunter2" });

test.each([
  ["no such user", { code: "EENVELOPE", responseCode: 550, command: "RCPT TO" }, "refused"],
  ["content not wanted", { code: "EMESSAGE", responseCode: 554, command: "DATA" }, "refused"],
  ["greylisting", { code: "EENVELOPE", responseCode: 451, command: "RCPT TO" }, "later"],
  ["a wrong password", { code: "EAUTH", responseCode: 535, command: "AUTH PLAIN" }, "later"],
  ["a login that is demanded", { code: "EENVELOPE", responseCode: 530, command: "MAIL FROM" }, "later"],
  ["a server that takes nobody", { code: "EPROTOCOL", responseCode: 554, command: "CONN" }, "later"],
  ["too many connections", { code: "ECONNECTION", responseCode: 421, command: "CONN" }, "later"],
  ["too large, said by number", { code: "EMESSAGE", responseCode: 552, command: "DATA" }, "too_large"],
  ["too large, said by status", { responseCode: 550, response: "550 5.3.4 too big", command: "DATA" }, "too_large"],
  ["too large, known before", { code: "EMESSAGE", command: "MAIL FROM" }, "too_large"],
  ["nobody listens", { code: "ESOCKET", command: "CONN" }, "later"],
  ["no TLS where it is demanded", { code: "ETLS", command: "STARTTLS" }, "later"],
])("%s", (_, fields, is) => {
  expect(judge(fields).is).toBe(is);
});

test("a connection lost after the whole mail was handed over leaves it unknown, an answer does not", () => {
  expect(judge({ code: "ECONNECTION", command: "CONN" }, true).is).toBe("unknown");
  expect(judge({ code: "EMESSAGE", responseCode: 451, command: "DATA" }, true).is).toBe("later");
});

test("a server that echoes the password does not get it into our records", () => {
  const echoed = `535 no: hunter2 ${Buffer.from("hunter2").toString("base64")}`;
  expect(judge({ code: "EAUTH", responseCode: 535, response: echoed }).text).not.toMatch(/hunter2|aHVudGVyMg/);
});
