import type { IncomingMessage } from "node:http";
import fc from "fast-check";
import { expect, test } from "vitest";
import { answerHeaders, plainRequestHeaders, requestHeaders } from "../../../src/hub/proxy-headers.ts";

const request = (...raw: string[]) => ({ rawHeaders: raw }) as unknown as IncomingMessage;
const viewer = { userId: "u", login: "octocat", githubId: 583231, orgs: [], teams: [], signInId: null };

test("what is between browser and hub stays there: connection headers, the hub's cookies, its own names", () => {
  const headers = requestHeaders(
    request(
      "Host",
      "x",
      "Connection",
      "keep-alive, X-Private",
      "X-Private",
      "1",
      "Cookie",
      "a=1; hub=s; __Host-hub_entry=t; b=2",
      "X-Orchestrator-User-Id",
      "1",
      "X-Hub-Hop",
      "h",
      "Expect",
      "100-continue",
      "Accept",
      "*/*",
      "TE",
      "trailers",
    ),
  );
  expect(headers).toEqual([
    ["cookie", "a=1; b=2"],
    ["accept", "*/*"],
  ]);
  expect(requestHeaders(request("Cookie", "hub=s"))).toEqual([]);
});

test("an old machine is told who is asking by the last pairs, as text", () => {
  const headers = plainRequestHeaders(
    request("X-Orchestrator-Username", "mallory", "Authorization", "Bearer x", "If-None-Match", "e", "Accept", "a"),
    viewer,
  );
  expect(headers).toEqual([
    ["accept", "a"],
    ["X-Orchestrator-User-Id", "583231"],
    ["X-Orchestrator-Username", "octocat"],
  ]);
});

test("a machine sets cookies for its own origin only, and none of ours", () => {
  expect(
    answerHeaders([
      ["Set-Cookie", "a=1; domain=hub.example; Path=/x; HttpOnly"],
      ["Set-Cookie", "__Host-hub=stolen; Path=/"],
      ["set-cookie", "hub=stolen"],
      ["set-cookie", "=hub=stolen; Path=/"],
      ["set-cookie", "hub"],
      ["Connection", "close, X-Drop"],
      ["X-Drop", "1"],
      ["Transfer-Encoding", "chunked"],
      ["ETag", '"e"'],
    ]),
  ).toEqual(["set-cookie", "a=1; Path=/x; HttpOnly", "etag", '"e"']);
  expect(answerHeaders([["set-cookie", "a=1; Path=/; Secure"]], { cookiePath: "/clients/m/proxy" })).toEqual([
    "set-cookie",
    "a=1; Secure; Path=/clients/m/proxy",
  ]);
});

test("what reaches beyond the page that is answered is left out: other origins' cookies, proxies, and below the hub's address its whole origin", () => {
  const pairs: [string, string][] = [
    ["Clear-Site-Data", '"cookies"'],
    ["Alt-Svc", 'h3=":443"'],
    ["Service-Worker-Allowed", "/"],
    ["NEL", "{}"],
    ["Strict-Transport-Security", "max-age=1"],
    ["X-Accel-Redirect", "/secret"],
    ["X-Sendfile", "/etc/passwd"],
    ["X-Accel-Buffering", "no"],
    ["Vary", "Accept"],
  ];
  expect(answerHeaders(pairs, { cookiePath: "/clients/m/proxy" })).toEqual([
    "x-accel-buffering",
    "no",
    "vary",
    "Accept",
  ]);
  expect(answerHeaders(pairs)).not.toContain("clear-site-data");
  expect(answerHeaders(pairs)).toContain("service-worker-allowed");
});

test("whatever a machine calls a header, it cannot break the answer apart", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.string(), fc.string({ unit: "binary" })), { maxLength: 20 }), (pairs) => {
      const flat = answerHeaders(pairs);
      expect(flat.length % 2).toBe(0);
      for (const text of flat) expect(text).not.toMatch(/[\r\n\0]/u);
    }),
    { numRuns: 300 },
  );
});
