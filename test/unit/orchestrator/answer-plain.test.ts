import { readFileSync } from "node:fs";
import type { RequestListener } from "node:http";
import { expect, test } from "vitest";
import { type HttpProxyRequest, parseHubFrame } from "../../../src/contract/orchestrator-frames.ts";
import { isProxyBase, rewriteText } from "../../../src/orchestrator/rewrite-links.ts";
import { echo, tunnelServer } from "../../support/tunnel-server.ts";

const BASE = "/clients/peer-1/proxy";
const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0xff, 0x00]);
const HTML = `<!doctype html><html><head><link rel="manifest" href="/manifest.webmanifest"><script src='/scheme.js'></script></head><body><a href="//cdn/x">x</a><img src="/icon.svg"></body></html>`;

const FILES: Readonly<Record<string, readonly [type: string, body: string | Buffer]>> = {
  "/": ["text/html; charset=utf-8", HTML],
  "/x.png": ["image/png", PNG],
  "/manifest.json": ["application/manifest+json", `{"start_url":"/","icons":[{"src":"/icon.png"}]}`],
  "/assets/a.css": ["text/css", "body{background:url(/bg.png)}"],
  "/assets/a.js": ["text/javascript", `import("/not-touched")`],
};

const app: RequestListener = (req, res) => {
  const path = req.url ?? "/";
  const file = FILES[path];
  if (file) return void res.setHeader("content-type", file[0]).end(file[1]);
  if (path === "/events") return void res.writeHead(200, { "content-type": "text/event-stream" }).write("data: 1\n\n");
  if (path === "/huge") return void res.setHeader("content-type", "text/plain").end(Buffer.alloc(9 * 1024 * 1024));
  if (path === "/cookies")
    return void res
      .setHeader("set-cookie", ["a=1; Path=/; HttpOnly", "b=2; Path=/x"])
      .writeHead(302, { location: "/next" })
      .end();
  if (path === "/204") return void res.writeHead(204).end();
  echo(req, res);
};

const IDENTITY: [string, string][] = [
  ["X-Orchestrator-User-Id", "42"],
  ["X-Orchestrator-Username", "octocat"],
];

/** What an existing hub asked an existing client, and what ours answers. */
const STATED: Readonly<Record<string, number>> = {
  "proxy-json": 200,
  "proxy-html": 200,
  "proxy-head": 200,
  "proxy-post-json": 200,
  "proxy-post-binary": 200,
  "proxy-options": 200,
  "proxy-delete-body": 200,
  "proxy-empty-post": 200,
  "proxy-expect": 200,
  "proxy-204": 204,
  "dup-identity-last-wins": 200,
  "no-identity": 401,
  "github-auth-http-bypass": 403,
  "spa-fallback-jwt-leak": 200,
  "full-icons-spa-fallback": 200,
  "full-conditional": 200,
  "proxybase-xss": 401,
};

const captured = readFileSync("test/fixtures/orchestrator/frames.jsonl", "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as { scenario: string; dir: string; frame: unknown });
const requestOf = (scenario: string): HttpProxyRequest => {
  const found = captured.find(
    (one) => one.scenario === scenario && (one.frame as { type?: string }).type === "http_proxy_request",
  );
  const parsed = parseHubFrame(JSON.stringify(found?.frame));
  if (!parsed.ok) throw new Error(`${scenario}: ${parsed.message}`);
  return parsed.frame as HttpProxyRequest;
};

test.each(Object.entries(STATED))(
  "the captured request %s is answered by %i, with the hub's cookie and browser's word left out",
  async (scenario, status) => {
    const rules = scenario === "github-auth-http-bypass" ? { users: ["octocat"], teams: [], orgs: [] } : undefined;
    await using server = await tunnelServer(app, rules ? { rules } : {});
    const answer = await server.plain(requestOf(scenario));
    expect(answer.status).toBe(status);
    const all = JSON.stringify(answer);
    for (const secret of ["HUBSESSION", "Bearer", "eyJ", "http://evil", "x-orchestrator"])
      expect(all).not.toContain(secret);
  },
);

test("of two identities the last one counts, which is the hub's own", async () => {
  await using server = await tunnelServer(app);
  const { body } = await server.plain({
    path: "/who",
    headers: [["x-orchestrator-user-id", "1"], ["x-orchestrator-username", "admin"], ...IDENTITY],
  });
  expect(JSON.parse(body)).toMatchObject({ caller: { kind: "hub", name: "octocat" } });
});

test("a page, its styles and its manifest find everything below the hub's path", async () => {
  await using server = await tunnelServer(app);
  const bodyOf = async (path: string) => (await server.plain({ path, headers: IDENTITY, proxy_base: BASE })).body;
  const page = await bodyOf("/");
  expect(page).toContain(`href="${BASE}/manifest.webmanifest"`);
  expect(page).toContain(`src='${BASE}/scheme.js'`);
  expect(page).toContain(`href="//cdn/x"`);
  expect(await bodyOf("/assets/a.css")).toBe(`body{background:url(${BASE}/bg.png)}`);
  expect(JSON.parse(await bodyOf("/manifest.json"))).toEqual({
    start_url: `${BASE}/`,
    icons: [{ src: `${BASE}/icon.png` }],
  });
  expect(await bodyOf("/assets/a.js")).toBe(`import("/not-touched")`);
});

test("bytes are marked base64, and redirects and cookies stay below the hub's path", async () => {
  await using server = await tunnelServer(app);
  const png = await server.plain({ path: "/x.png", headers: IDENTITY });
  expect(png.headers).toContainEqual(["x-orch-encoding", "base64"]);
  expect(Buffer.from(png.body, "base64")).toEqual(PNG);
  const { status, headers } = await server.plain({ path: "/cookies", headers: IDENTITY, proxy_base: BASE });
  expect(status).toBe(302);
  expect(headers).toEqual(
    expect.arrayContaining([
      ["location", `${BASE}/next`],
      ["set-cookie", `a=1; Path=${BASE}/; HttpOnly`],
      ["set-cookie", `b=2; Path=${BASE}/`],
    ]),
  );
});

test.each([
  ["/events", /no event streams/],
  ["/huge", /too large/],
])("%s is refused at once, since one frame cannot hold it", async (path, words) => {
  await using server = await tunnelServer(app);
  const { status, body } = await server.plain({ path, headers: IDENTITY });
  expect(status).toBe(502);
  expect(body).toMatch(words);
});

test.each(['"><script>alert(1)</script>', "/clients/a'b/proxy", "//evil", "javascript:x", "/a b", ""])(
  "%s is no path of a hub",
  (base) => {
    expect(isProxyBase(base)).toBe(false);
  },
);

test("a page is left as it is for a hub that names no good path", async () => {
  await using server = await tunnelServer(app);
  const { body } = await server.plain({ path: "/", headers: IDENTITY, proxy_base: '"><script>alert(1)</script>' });
  expect(body).toBe(HTML);
  expect(rewriteText("<a HREF='/x'>", "text/plain", BASE)).toBe("<a HREF='/x'>");
});
