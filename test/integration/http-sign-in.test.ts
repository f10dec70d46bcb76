import request from "supertest";
import { afterEach, describe, expect, test } from "vitest";
import { API_KEY, type Overrides, startTestServer } from "../support/http-server.ts";

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

describe("signing in", () => {
  const origin = { Host: "orch.example", Origin: "https://orch.example" };
  const settings = { ...open, publicUrl: "https://orch.example" };

  test("the cookie opens the API, cannot be read by scripts, and is gone after signing out", async () => {
    const api = await start(settings);
    const signedIn = await api.post("/api/sign-in").set(origin).send({ apiKey: API_KEY });
    expect(signedIn.status).toBe(204);
    const cookie = signedIn.headers["set-cookie"]?.[0] ?? "";
    for (const part of ["HttpOnly", "SameSite=Strict", "Secure", "Path=/", "Max-Age=2592000"])
      expect(cookie).toContain(part);
    expect(cookie).not.toContain(API_KEY);
    const Cookie = cookie.split(";", 1)[0] ?? "";
    expect((await api.get("/api/caller").set({ ...origin, Cookie })).body).toEqual({ kind: "cookie", name: "key 1" });
    expect(
      (
        await api
          .post("/api/things")
          .set({ ...origin, Cookie })
          .send({ title: "a" })
      ).status,
    ).toBe(201);
    const signedOut = await api.post("/api/sign-out").set({ ...origin, Cookie });
    expect(signedOut.headers["set-cookie"]?.[0]).toContain("Max-Age=0");
  });

  test("the cookie is worth nothing from a foreign page, an unknown Host or a form, or after the key was changed", async () => {
    const api = await start(settings);
    const signedIn = await api.post("/api/sign-in").set(origin).send({ apiKey: API_KEY });
    const Cookie = signedIn.headers["set-cookie"]?.[0]?.split(";", 1)[0] ?? "";
    expect((await api.get("/api/caller").set({ ...origin, Cookie, Origin: "https://evil.example" })).status).toBe(403);
    expect((await api.get("/api/caller").set({ Cookie, Host: "evil.example" })).status).toBe(403);
    expect(
      (
        await api
          .post("/api/things")
          .set({ ...origin, Cookie })
          .type("form")
          .send("title=a")
      ).status,
    ).toBe(415);
    expect((await api.get("/api/caller").set({ ...origin, Cookie: `${Cookie}x` })).status).toBe(401);
    expect((await api.get("/api/caller").set({ ...origin, Cookie: `${Cookie}; ${Cookie}` })).status).toBe(401);
    const changed = await start({ ...settings, apiKeys: ["another-key-0123456789"] });
    expect((await changed.get("/api/caller").set({ ...origin, Cookie })).status).toBe(401);
  });

  test("a wrong key, a foreign page and a form do not sign in", async () => {
    const api = await start(settings);
    expect((await api.post("/api/sign-in").set(origin).send({ apiKey: "wrong" })).status).toBe(401);
    expect(
      (
        await api
          .post("/api/sign-in")
          .set({ ...origin, Origin: "https://evil.example" })
          .send({ apiKey: API_KEY })
      ).status,
    ).toBe(403);
    expect(
      (await api.post("/api/sign-in").set(origin).type("form").send({ apiKey: API_KEY })).status,
    ).toBeGreaterThanOrEqual(400);
  });

  test("over plain http the cookie is not Secure, or no browser would send it", async () => {
    const api = await start({ apiKeys: [API_KEY] });
    const signedIn = await api.post("/api/sign-in").send({ apiKey: API_KEY });
    expect(signedIn.headers["set-cookie"]?.[0]).not.toContain("Secure");
  });
});
