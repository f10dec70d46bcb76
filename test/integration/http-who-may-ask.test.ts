import request from "supertest";
import { afterEach, describe, expect, test } from "vitest";
import { API_KEY, type Overrides, RUN_TOKEN, startTestServer } from "../support/http-server.ts";

const started: AsyncDisposable[] = [];
afterEach(async () => {
  for (const server of started.splice(0)) await server[Symbol.asyncDispose]();
});

async function start(settings: Overrides["settings"] = {}) {
  const server = await startTestServer({ settings });
  started.push(server);
  return request(server.url);
}
const open = { host: "0.0.0.0", apiKeys: [API_KEY] };

describe("on loopback", () => {
  test.each(["127.0.0.1:3001", "localhost", "LOCALHOST:80", "[::1]:9", "127.0.0.9"])(
    "Host %s is this machine",
    async (host) => {
      const api = await start();
      const response = await api.get("/api/caller").set("Host", host);
      expect(response.body).toEqual({ kind: "local", name: "local" });
    },
  );

  test("a key in the configuration does not lock this machine out", async () => {
    const api = await start({ apiKeys: [API_KEY] });
    expect((await api.get("/api/caller")).body).toMatchObject({ kind: "local" });
  });

  test.each([
    "evil.example",
    "evil.example:3001",
    "localhost.evil.example",
    "127.0.0.1.nip.io",
    "127.0.0.1@evil.example",
    "10.0.0.1",
    "",
    "a b",
  ])("a rebound name %j is refused", async (host) => {
    const api = await start({ apiKeys: [API_KEY] });
    for (const sent of [api.get("/api/caller"), api.post("/api/things").send({ title: "a" })]) {
      expect((await sent.set("Host", host)).status).toBe(403);
    }
  });

  test.each(["https://evil.example", "null", "http://localhost:8080", "http://127.0.0.1.evil.example", "file://"])(
    "a request from a page of %s is refused",
    async (origin) => {
      const api = await start();
      expect((await api.get("/api/caller").set("Origin", origin)).status).toBe(403);
      expect((await api.post("/api/things").set("Origin", origin).send({ title: "a" })).status).toBe(403);
      expect(
        (await api.options("/api/things").set("Origin", origin).set("Access-Control-Request-Method", "POST")).status,
      ).toBe(403);
    },
  );

  test("our own page may ask", async () => {
    const api = await start();
    const response = await api
      .post("/api/things")
      .set("Host", "localhost:3001")
      .set("Origin", "http://localhost:3001")
      .send({ title: "a" });
    expect(response.status).toBe(201);
    expect(response.headers["access-control-allow-origin"]).toBeUndefined();
  });

  test("another site is refused even where the browser sends no Origin; a followed link is not", async () => {
    const api = await start();
    const crossSite = () => api.get("/api/caller").set("Sec-Fetch-Site", "cross-site");
    expect((await crossSite().set("Sec-Fetch-Mode", "no-cors").set("Sec-Fetch-Dest", "image")).status).toBe(403);
    expect((await crossSite().set("Sec-Fetch-Mode", "navigate").set("Sec-Fetch-Dest", "iframe")).status).toBe(403);
    expect((await crossSite().set("Sec-Fetch-Mode", "navigate").set("Sec-Fetch-Dest", "document")).status).toBe(200);
  });

  test.each([
    "application/x-www-form-urlencoded",
    "text/plain",
    "multipart/form-data; boundary=x",
    "text/plain;application/json",
    "text/plain;message/rfc822",
    "message/rfc822x",
  ])("a form's %s is refused, on hook routes too", async (type) => {
    const api = await start();
    for (const path of ["/api/things", "/api/hooks"]) {
      expect((await api.post(path).set("Content-Type", type).send('{"title":"a"}')).status).toBe(415);
    }
  });

  test("a write without body and type is a command line's, not a form's", async () => {
    const api = await start();
    expect((await api.delete("/api/things/1")).status).toBe(204);
    expect((await api.delete("/api/things/1").set("Content-Type", "application/x-www-form-urlencoded")).status).toBe(
      415,
    );
  });

  test.each(["X-Forwarded-For", "Forwarded", "X-Real-IP", "X-Forwarded-Host", "Via"])(
    "behind a proxy (%s) being local says nothing",
    async (header) => {
      const api = await start({ apiKeys: [API_KEY] });
      expect((await api.get("/api/caller").set(header, "127.0.0.1")).status).toBe(401);
      expect((await api.get("/api/caller").set(header, "127.0.0.1").set("x-api-key", API_KEY)).status).toBe(200);
    },
  );

  test("an allowed name is local only while there is no key to ask for; a public one never", async () => {
    const named = { allowedHosts: ["box.example:3001"], publicUrl: "https://public.example" };
    const withoutKey = await start(named);
    expect((await withoutKey.get("/api/caller").set("Host", "box.example:3001")).status).toBe(200);
    expect((await withoutKey.get("/api/caller").set("Host", "public.example")).status).toBe(401);
    const withKey = await start({ ...named, apiKeys: [API_KEY] });
    expect((await withKey.get("/api/caller").set("Host", "box.example:3001")).status).toBe(401);
  });
});

describe("with a key", () => {
  test("both headers work, for any Host and Origin, and a form's type is still no JSON", async () => {
    const api = await start(open);
    const headers: [string, string][] = [
      ["Authorization", `Bearer ${API_KEY}`],
      ["authorization", `bearer   ${API_KEY}`],
      ["X-API-Key", API_KEY],
    ];
    for (const [name, value] of headers) {
      const response = await api
        .get("/api/caller")
        .set(name, value)
        .set("Host", "evil.example")
        .set("Origin", "https://evil.example");
      expect(response.body).toEqual({ kind: "key", name: "key 1" });
    }
    expect(
      (await api.post("/api/hooks").set("x-api-key", API_KEY).set("Content-Type", "text/plain").send("{}")).status,
    ).toBe(200);
  });

  test.each([
    ["no key", {}],
    ["a wrong key", { "x-api-key": `${API_KEY}x` }],
    ["a key's beginning", { Authorization: `Bearer ${API_KEY.slice(0, -1)}` }],
    ["an empty bearer", { Authorization: "Bearer " }],
    ["a key under another scheme", { Authorization: `Basic ${Buffer.from(`x:${API_KEY}`).toString("base64")}` }],
    ["a right key behind a wrong bearer", { Authorization: "Bearer wrong", "x-api-key": API_KEY }],
  ])("%s is 401 with WWW-Authenticate", async (_, headers: Record<string, string>) => {
    const api = await start(open);
    const response = await api.get("/api/caller").set(headers);
    expect(response.status).toBe(401);
    expect(response.headers["www-authenticate"]).toContain("Bearer");
  });

  test("a key in the address is no key", async () => {
    const api = await start(open);
    expect((await api.get(`/api/caller?x-api-key=${API_KEY}&apiKey=${API_KEY}`)).status).toBe(401);
  });

  test("each of several keys opens, and the second has its own name", async () => {
    const api = await start({ host: "0.0.0.0", apiKeys: ["first-key-0123456789", API_KEY] });
    expect((await api.get("/api/caller").set("x-api-key", API_KEY)).body).toEqual({ kind: "key", name: "key 2" });
  });

  test("who guesses is slowed down; who has used the key before is not locked out", async () => {
    const api = await start({ host: "0.0.0.0", apiKeys: ["first-key-0123456789", API_KEY] });
    await api.get("/api/caller").set("x-api-key", API_KEY);
    for (let guess = 0; guess < 30; guess += 1) await api.get("/api/caller").set("x-api-key", `guess ${guess}`);
    expect((await api.get("/api/caller").set("x-api-key", "one more")).status).toBe(429);
    expect((await api.get("/api/caller").set("x-api-key", "first-key-0123456789")).status).toBe(429);
    expect((await api.get("/api/caller").set("x-api-key", API_KEY)).status).toBe(200);
  });

  test("more requests than the limit are 429 with Retry-After, and hooks go on", async () => {
    const api = await start({ ...open, rateLimitPerMinute: 3 });
    const ask = () => api.get("/api/caller").set("x-api-key", API_KEY);
    expect((await ask()).headers["ratelimit"]).toContain("r=2");
    await ask();
    await ask();
    const refused = await ask();
    expect(refused.status).toBe(429);
    expect(Number(refused.headers["retry-after"])).toBeGreaterThan(0);
    expect(refused.headers["content-type"]).toContain("application/problem+json");
    for (let count = 0; count < 5; count += 1) {
      expect((await api.post("/api/hooks").set("x-api-key", API_KEY).type("json").send("{}")).status).toBe(200);
    }
  });

  test("this machine is not limited", async () => {
    const api = await start({ rateLimitPerMinute: 1 });
    await api.get("/api/caller");
    expect((await api.get("/api/caller")).status).toBe(200);
  });
});

describe("with a run's token", () => {
  const token = { Authorization: `Bearer ${RUN_TOKEN}` };

  test("it opens the hook routes and nothing else", async () => {
    const api = await start();
    expect((await api.post("/api/hooks").set(token).type("json").send("{}")).body).toEqual({ length: 2, kind: "run" });
    for (const path of ["/api/caller", "/api/hooksx", "/api/things", "/API/hooks/../caller"]) {
      expect([path, (await api.get(path).set(token)).status]).toEqual([path, 403]);
    }
  });

  test("a token of no run is 401, also on this machine", async () => {
    const api = await start();
    expect(
      (await api.post("/api/hooks").set("Authorization", "Bearer orch_run_over").type("json").send("{}")).status,
    ).toBe(401);
  });
});

describe("for anyone", () => {
  test("health, readiness and the dashboard's files; nothing else, whatever its spelling", async () => {
    const api = await start(open);
    expect((await api.get("/health").set("Host", "probe")).body).toMatchObject({ status: "ok", database: "ok" });
    expect((await api.get("/ready")).body).toEqual({ ready: true, database: "ok" });
    expect((await api.get("/").set("Host", "evil.example")).text).toContain("being built");
    for (const path of [
      "/api/things",
      "/API/things",
      "/Api/Things/",
      "//api/things",
      "/api//things",
      "/api/docs",
      "/api/openapi.json",
      "/%61pi/things",
    ]) {
      expect([path, (await api.get(path).set("Accept", "application/json")).status]).toEqual([path, 401]);
    }
  });
});
