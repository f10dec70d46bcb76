import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { MAX_HOOK_BYTES } from "../../../src/http/json-body.ts";

const directives = readFileSync("deploy/nginx.conf", "utf8")
  .split("\n")
  .map((line) => line.trim())
  .filter((line) => line.endsWith(";"))
  .map((line) => line.slice(0, -1));

test("event streams pass through at once and are not cut while they are quiet", () => {
  expect(directives).toContain("proxy_buffering off");
  expect(directives).toContain("proxy_read_timeout 1h");
});

test("the largest hook body fits", () => {
  const megabytes = Number(/^client_max_body_size (\d+)m$/m.exec(directives.join("\n"))?.[1]);
  expect(megabytes * 1024 * 1024).toBeGreaterThan(MAX_HOOK_BYTES);
});

test("the server hears who asks and for which host, and a client cannot write that itself", () => {
  expect(directives).toContain("proxy_set_header Host $host");
  expect(directives).toContain("proxy_set_header X-Forwarded-For $remote_addr");
});

test("plain HTTP only leads to TLS", () => {
  expect(directives).toContain("return 301 https://$host$request_uri");
  expect(directives).toContain("ssl_protocols TLSv1.2 TLSv1.3");
});
