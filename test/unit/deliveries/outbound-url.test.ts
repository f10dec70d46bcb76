import type { LookupAddress } from "node:dns";
import { expect, test } from "vitest";
import { classifyAddress } from "../../../src/deliveries/address-class.ts";
import { createOutboundUrls, OutboundRefused } from "../../../src/deliveries/outbound-url.ts";

const closed = createOutboundUrls({ prefixes: [] });
const open = createOutboundUrls({
  prefixes: ["https://hooks.example.com/claude", "http://10.1.2.3:8080"],
  n8nBase: "https://n8n.example.com/webhook",
});

test.each([
  "http://127.0.0.1:5678/webhook-waiting/1?signature=ab%2Fcd&x=1+2",
  "http://localhost/x",
  "http://n8n.localhost:1/",
  "https://[::1]:8443/hook",
  "http://127.9.9.9/",
  "http://2130706433/",
])("with nothing configured %s is on this machine and allowed", (url) => {
  expect(closed.refusal(url)).toBeUndefined();
});

test.each([
  "http://example.com/",
  "http://10.0.0.1/",
  "http://169.254.169.254/latest/meta-data",
  "http://0.0.0.0:3001/",
  "http://[::]/",
  "http://[fe80::1]/",
  "http://[::ffff:169.254.169.254]/",
  "http://[64:ff9b::a9fe:a9fe]/",
  "http://224.0.0.1/",
  "http://localhost.evil.example/",
  "http://user:secret@127.0.0.1/",
  "http://user@127.0.0.1/",
  "ftp://127.0.0.1/",
  "file:///etc/passwd",
  "/webhook/1",
  "127.0.0.1:5678",
  "",
])("with nothing configured %s is refused", (url) => {
  expect(closed.refusal(url)).toBeTypeOf("string");
});

test.each([
  "https://hooks.example.com/claude",
  "https://hooks.example.com/claude/done?x=1",
  "https://HOOKS.example.com:443/claude/",
  "http://10.1.2.3:8080/anything",
  "https://n8n.example.com/webhook/abc",
  "https://n8n.example.com/webhook-waiting/7?signature=f00",
  "https://n8n.example.com/webhook-test/abc",
])("%s lies below a configured prefix", (url) => {
  expect(open.refusal(url)).toBeUndefined();
});

test.each([
  "https://hooks.example.com/",
  "https://hooks.example.com/claude-other",
  "https://hooks.example.com/claude/../admin",
  "https://hooks.example.com/claude/%2e%2e/admin",
  "https://hooks.example.com/claude/..%2fadmin",
  String.raw`https://hooks.example.com/claude/..\admin`,
  "https://hooks.example.com:8443/claude/x",
  "http://hooks.example.com/claude/x",
  "https://hooks.example.com.evil.example/claude/x",
  "https://hooks.example.com@evil.example/claude/x",
  "https://n8n.example.com/rest/workflows",
  "http://127.0.0.1/claude",
  "http://10.1.2.3:8081/",
])("%s lies below none", (url) => {
  expect(open.refusal(url)).toBeTypeOf("string");
});

test("a prefix cannot open what is never reached", () => {
  const urls = createOutboundUrls({ prefixes: ["http://169.254.169.254"] });
  expect(urls.refusal("http://169.254.169.254/latest")).toContain("nothing is ever sent there");
});

test("what is refused names the field and the rule, and what is kept has its query untouched", () => {
  expect(() => closed.check("body.callbackUrl", "http://example.com/")).toThrow(
    expect.objectContaining({
      code: "invalid",
      errors: [{ field: "body.callbackUrl", message: expect.stringContaining("OUTBOUND_URLS") }],
    }),
  );
  const url = "http://127.0.0.1:5678/webhook-waiting/1?signature=ab%2Fcd%20&b=1+2&a=;,'";
  expect(new URL(closed.check("body.callbackUrl", `${url}#part`)).search.replace("%27", "'")).toBe(
    new URL(url).search.replace("%27", "'"),
  );
});

test.each([
  ["127.0.0.1", "loopback"],
  ["::1", "loopback"],
  ["::ffff:127.0.0.1", "loopback"],
  ["2002:7f00:1::", "loopback"],
  ["0.0.0.0", "forbidden"],
  ["::", "forbidden"],
  ["169.254.0.1", "forbidden"],
  ["fe80::1%eth0", "forbidden"],
  ["febf::1", "forbidden"],
  ["ff02::1", "forbidden"],
  ["239.1.1.1", "forbidden"],
  ["255.255.255.255", "forbidden"],
  ["100.100.100.200", "forbidden"],
  ["fd00:ec2::254", "forbidden"],
  ["64:ff9b::169.254.169.254", "forbidden"],
  ["2002:a9fe:a9fe::1", "forbidden"],
  ["not an address", "forbidden"],
  ["10.0.0.1", "other"],
  ["2606:4700::1111", "other"],
  ["::ffff:8.8.8.8", "other"],
])("%s is %s", (address, place) => {
  expect(classifyAddress(address)).toBe(place);
});

/** What a connection to `hostname` would be told. */
const lookedUp = (prefixes: string[], hostname: string, addresses: string[]) =>
  new Promise<LookupAddress[] | Error>((resolve) => {
    const found = addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
    const urls = createOutboundUrls({ prefixes }, (_name, _options, done) => done(null, found));
    urls.lookup(hostname, { all: true }, (error, result) => resolve(error ?? (result as LookupAddress[])));
  });

test("a name is judged by what it resolves to at the moment of connecting", async () => {
  const prefixes = ["https://hooks.example.com"];
  expect(await lookedUp(prefixes, "hooks.example.com", ["203.0.113.5"])).toEqual([
    { address: "203.0.113.5", family: 4 },
  ]);
  expect(await lookedUp(prefixes, "hooks.example.com", ["10.0.0.5"]), "an intranet that was allowed").toHaveLength(1);
  for (const address of ["169.254.169.254", "127.0.0.1", "::1", "0.0.0.0", "fe80::1", "::ffff:169.254.169.254"])
    expect(await lookedUp(prefixes, "hooks.example.com", ["203.0.113.5", address])).toBeInstanceOf(OutboundRefused);
  expect(await lookedUp([], "localhost", ["127.0.0.1", "::1"])).toHaveLength(2);
  expect(await lookedUp([], "localhost", ["10.0.0.1"])).toBeInstanceOf(OutboundRefused);
});
