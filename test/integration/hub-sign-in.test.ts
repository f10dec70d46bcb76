import { afterAll, beforeAll, expect, test } from "vitest";
import type { HubMachine } from "../../src/contract/hub.ts";
import { createHubSecrets } from "../../src/hub/hub-secrets.ts";
import { recheckAll } from "../../src/hub/recheck.ts";
import { createLogger } from "../../src/lib/logger.ts";
import { startGitHub } from "../support/github-stand-in.ts";
import { HUB_SECRET, requestAs, type TestHub, testHub } from "../support/hub.ts";

let github: Awaited<ReturnType<typeof startGitHub>>;
let hub: TestHub;
const allowed = { users: ["octocat"], orgs: ["acme"], teams: ["other/ops"] };
const settings = () => ({
  clientId: "client-id",
  clientSecret: "client-secret",
  url: github.url,
  apiUrl: `${github.url}/api/v3`,
});

beforeAll(async () => {
  github = await startGitHub();
  github.add({ id: 1, login: "Octocat", orgs: [], teams: [] });
  github.add({ id: 2, login: "anna", orgs: ["Acme"], teams: ["Acme/platform"] });
  github.add({ id: 3, login: "ben", orgs: ["other"], teams: ["other/Ops"] });
  github.add({ id: 4, login: "mallory", orgs: ["evil"], teams: ["other/dev"] });
  github.add({ id: 5, login: "carl", orgs: ["acme"], teams: [] });
  hub = await testHub({ github: settings(), allowed });
});
afterAll(async () => {
  await hub[Symbol.asyncDispose]();
  await github[Symbol.asyncDispose]();
});

const host = () => `localhost:${hub.port}`;
const ask = (path: string, headers: Record<string, string> = {}, method = "GET", body?: unknown) =>
  requestAs(hub.port, {
    host: host(),
    path,
    method,
    headers: { ...(body !== undefined && { "content-type": "application/json" }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
const cookiesOf = (headers: { "set-cookie"?: string | string[] | undefined }) =>
  [headers["set-cookie"] ?? []].flat().map((line) => line.split(";", 1)[0] ?? "");

/** Through GitHub's page and back, as a browser goes. */
async function signIn(login: string, { dropCookie = false }: { dropCookie?: boolean } = {}) {
  github.state.login = login;
  const begun = await ask("/auth/github?to=/clients");
  const there = await fetch(String(begun.headers["location"]), { redirect: "manual" });
  const back = new URL(there.headers.get("location") ?? "");
  const cookie = dropCookie ? "" : cookiesOf(begun.headers).join("; ");
  const done = await ask(back.pathname + back.search, { cookie });
  const hubCookie = cookiesOf(done.headers).find((line) => line.startsWith("hub=") && line !== "hub=");
  return { done, back, cookie: hubCookie ?? "", begunCookie: cookie };
}

test("who is named, or belongs to an organisation or team that is, is let in; others are not", async () => {
  const entries = [];
  for (const login of ["Octocat", "anna", "ben", "mallory"]) {
    const { done, cookie } = await signIn(login);
    entries.push([login, done.status, cookie !== ""]);
  }
  expect(entries).toEqual([
    ["Octocat", 302, true],
    ["anna", 302, true],
    ["ben", 302, true],
    ["mallory", 403, false],
  ]);
});

test("a sign-in belongs to the browser that began it, and is good once", async () => {
  expect((await signIn("anna", { dropCookie: true })).done.status).toBe(400);
  const { back, begunCookie } = await signIn("anna");
  expect((await ask(back.pathname + back.search, { cookie: begunCookie })).status).toBe(400);
  const forged = await ask("/auth/github/callback?code=x&state=y", { cookie: begunCookie });
  expect(forged.status).toBe(400);
});

test("a link to sign in does not lead to another site", async () => {
  github.state.login = "anna";
  const begun = await ask("/auth/github?to=//evil.example/x");
  const there = await fetch(String(begun.headers["location"]), { redirect: "manual" });
  const back = new URL(there.headers.get("location") ?? "");
  const done = await ask(back.pathname + back.search, { cookie: cookiesOf(begun.headers).join("; ") });
  expect(done.headers["location"]).toBe("/dashboard");
});

test("without a sign-in programs get 401 and pages the way to it", async () => {
  expect((await ask("/clients", { "sec-fetch-mode": "cors" })).status).toBe(401);
  const page = await ask("/clients?x=1", { accept: "text/html" });
  expect(page).toMatchObject({ status: 302, headers: { location: "/auth/github?to=%2Fclients%3Fx%3D1" } });
  expect((await hub.socket("/ws/connect?type=browser", { headers: { host: host() } })).status).toBe(401);
});

/** A machine of this person, connected. */
async function machineOf(cookie: string, hostname: string) {
  const made = await ask("/api/tokens", { cookie }, "POST", { name: hostname });
  const { token } = JSON.parse(made.body.toString()) as { token: string };
  const socket = await hub.socket(`/ws/connect?token=${token}&client_id=${hostname}`);
  socket.send({ type: "register", client_id: hostname, user_token: "", metadata: { hostname, project: "/p" } });
  await socket.frame("registered");
  return { token, socket };
}
const seenBy = async (cookie: string): Promise<HubMachine[]> =>
  (JSON.parse((await ask("/clients", { cookie })).body.toString()) as { clients: HubMachine[] }).clients;

test("nobody sees another's machines, but whom the owner shares them with", async () => {
  const [anna, carl, ben] = [await signIn("anna"), await signIn("carl"), await signIn("ben")];
  await using machine = (await machineOf(anna.cookie, "annas")).socket;
  const [mine] = await seenBy(anna.cookie);
  const id = mine?.id ?? "";
  expect(mine).toMatchObject({ is_mine: true, owner: "anna" });
  expect([await seenBy(carl.cookie), await seenBy(ben.cookie)]).toEqual([[], []]);
  expect((await ask(`/clients/${id}`, { cookie: carl.cookie })).status).toBe(404);

  const foreign = await ask(`/clients/${id}/shares`, { cookie: anna.cookie }, "PUT", {
    shares: [{ kind: "org", name: "other" }],
  });
  expect(foreign.status).toBe(403);
  await using watching = await hub.socket("/ws/connect?type=browser", {
    headers: { host: host(), cookie: carl.cookie },
  });
  watching.send({ type: "get_clients" });
  expect(await watching.frame("client_list")).toMatchObject({ clients: [] });
  await ask(`/clients/${id}/shares`, { cookie: anna.cookie }, "PUT", { shares: [{ kind: "org", name: "Acme" }] });
  await watching.frame("client_update", (frame) => (frame["client"] as HubMachine).id === id);
  expect(await seenBy(carl.cookie)).toMatchObject([{ id, is_mine: false, owner: "anna" }]);
  expect(await seenBy(ben.cookie)).toEqual([]);
  expect((await ask(`/clients/${id}/disconnect`, { cookie: carl.cookie }, "POST")).status).toBe(403);
  await ask(`/clients/${id}/shares`, { cookie: anna.cookie }, "PUT", { shares: [] });
  await watching.frame("client_disconnected", (frame) => frame["removed"] === true);
  expect(machine.closed.code).toBe(0);
});

test("a browser's socket needs a page of the hub itself", async () => {
  const { cookie } = await signIn("anna");
  const foreign = await hub.socket("/ws/connect?type=browser", {
    headers: { host: host(), cookie },
    origin: `http://m${"0".repeat(15)}.${host()}`,
  });
  expect(foreign.status).toBe(403);
});

test("signing out ends the sign-in at the server, and closes its sockets", async () => {
  const { cookie } = await signIn("anna");
  await using browser = await hub.socket("/ws/connect?type=browser", { headers: { host: host(), cookie } });
  expect((await ask("/auth/logout", { cookie }, "POST")).status).toBe(302);
  expect(await browser.untilClosed()).toMatchObject({ code: 1008 });
  expect((await ask("/clients", { cookie, "sec-fetch-mode": "cors" })).status).toBe(401);
});

test("who leaves the organisation is out within the hour, and so are their machines; an outage of GitHub puts nobody out", async () => {
  const { cookie } = await signIn("carl");
  const { socket, token } = await machineOf(cookie, "carls");
  const recheck = () =>
    recheckAll(
      { db: hub.db, log: createLogger("silent"), secrets: createHubSecrets(HUB_SECRET), github: settings(), allowed },
      undefined,
      0,
    );
  github.state.isDown = true;
  await recheck();
  github.state.isDown = false;
  expect((await ask("/clients", { cookie })).status).toBe(200);
  github.add({ id: 5, login: "carl", orgs: [], teams: [] });
  await recheck();
  expect(await socket.untilClosed()).toMatchObject({ code: 1008 });
  expect((await ask("/clients", { cookie, "sec-fetch-mode": "cors" })).status).toBe(401);
  expect((await hub.socket(`/ws/connect?token=${token}`)).status).toBe(401);
});
