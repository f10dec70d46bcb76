import { expect, test } from "vitest";
import { ownResults, speaksFor } from "../../../../src/channels/email/authentication-results.ts";

const of = (...headers: string[]) => ownResults(headers, "mx.orch.test")?.results;

test("the topmost header of our server counts, whatever stands below", () => {
  const forged = "mx.orch.test; dmarc=pass header.from=people.test";
  expect(of("relay.test; dmarc=pass", "mx.orch.test; dmarc=fail header.from=people.test", forged)).toEqual([
    { method: "dmarc", result: "fail", properties: { "header.from": "people.test" } },
  ]);
});

test("without a header of our server there is no verdict", () => {
  expect(
    of("mx.orch.test.evil.test; dmarc=pass", "evil mx.orch.test; dmarc=pass", '"mx.orch.test evil"; dmarc=pass'),
  ).toBeUndefined();
});

test("what stands in comments and quotes is no result", () => {
  const value =
    'mx.orch.test 1; dkim=fail (dmarc=pass; (x) "; dmarc=pass) header.i=@people.test; spf=pass smtp.mailfrom="a; dmarc=pass b"@evil.test';
  expect(of(value)).toEqual([
    { method: "dkim", result: "fail", properties: { "header.i": "@people.test" } },
    { method: "spf", result: "pass", properties: { "smtp.mailfrom": "a; dmarc=pass b" } },
  ]);
});

test("a quote that does not end, or one with an escaped quote in it, lets nothing through", () => {
  expect(of('mx.orch.test; spf=pass smtp.mailfrom="x; dmarc=pass header.from=people.test')).toBeUndefined();
  const escaped = String.raw`mx.orch.test; spf=pass smtp.mailfrom="x\"; dmarc=pass header.from=people.test"`;
  expect(of(escaped)?.map(({ method }) => method)).toEqual(["spf"]);
});

test("a domain signs for itself and what is below it, not for its neighbours or what is above", () => {
  expect(speaksFor("@people.test", "ada@mail.people.test")).toBe(true);
  expect(speaksFor("PEOPLE.test.", "ada@people.test")).toBe(true);
  expect(speaksFor("mail.people.test", "ada@people.test")).toBe(false);
  expect(speaksFor("ople.test", "ada@people.test")).toBe(false);
  expect(speaksFor("test", "ada@people.test")).toBe(false);
  expect(speaksFor("", "ada@people.test")).toBe(false);
});
