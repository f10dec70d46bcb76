import { afterAll, beforeAll, expect, test } from "vitest";
import type { HubMachine } from "../../src/contract/hub.ts";
import { createHubSecrets } from "../../src/hub/hub-secrets.ts";
import { recheckAll } from "../../src/hub/recheck.ts";
import { createLogger } from "../../src/lib/logger.ts";
import { cookiesOf, hubWithPeople, type HubWithPeople } from "../support/hub-people.ts";
import { HUB_SECRET } from "../support/hub.ts";

const allowed = { users: ["octocat"], orgs: ["acme"], teams: ["other/ops"] };
let people: HubWithPeople;
beforeAll(async () => {
  people = await hubWithPeople(allowed);
  const { github } = people;
  github.add({ id: 1, login: "Octocat", orgs: [], teams: [] });
  github.add({ id: 2, login: "anna", orgs: ["Acme"], teams: ["Acme/platform"] });
  github.add({ id: 3, login: "ben", orgs: ["other"], teams: ["other/Ops"] });
  github.add({ id: 4, login: "mallory", orgs: ["evil"], teams: ["other/dev"] });
  github.add({ id: 5, login: "carl", orgs: ["acme"], teams: [] });
});
afterAll(() => people[Symbol.asyncDispose]());

const host = () => people.host;
const ask: HubWithPeople["ask"] = (...given) => people.ask(...given);
const signIn: HubWithPeople["signIn"] = (...given) => people.signIn(...given);
const machineOf: HubWithPeople["machineOf"] = (...given) => people.machineOf(...given);
const seenBy: HubWithPeople["seenBy"] = (cookie) => people.seenBy(cookie);

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
  const { done, back, begunCookie } = await signIn("anna");
  expect(cookiesOf(done.headers)).toContain("hub_begun=");
  expect((await ask(back.pathname + back.search, { cookie: begunCookie })).status).toBe(400);
  const forged = await ask("/auth/github/callback?code=x&state=y", { cookie: begunCookie });
  expect(forged.status).toBe(400);
});

test("a link to sign in does not lead to another site", async () => {
  people.github.state.login = "anna";
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
  expect((await people.hub.socket("/ws/connect?type=browser", { headers: { host: host() } })).status).toBe(401);
});

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
  await using watching = await people.hub.socket("/ws/connect?type=browser", {
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
  const foreign = await people.hub.socket("/ws/connect?type=browser", {
    headers: { host: host(), cookie },
    origin: `http://m${"0".repeat(15)}.${host()}`,
  });
  expect(foreign.status).toBe(403);
});

test("signing out ends the sign-in at the server, and closes its sockets, which are not listened to any more", async () => {
  const { cookie } = await signIn("anna");
  await using browser = await people.hub.socket("/ws/connect?type=browser", { headers: { host: host(), cookie } });
  await using watching = await people.hub.socket("/ws/connect?type=browser", { headers: { host: host(), cookie } });
  // It does not read that it is to close, and goes on.
  browser.socket.pause();
  expect((await ask("/auth/logout", { cookie }, "POST")).status).toBe(302);
  expect(await watching.untilClosed()).toMatchObject({ code: 1008 });
  browser.send({ type: "get_clients" });
  browser.socket.resume();
  expect(await browser.untilClosed()).toMatchObject({ code: 1008 });
  expect(browser.frames).toEqual([]);
  expect((await ask("/clients", { cookie, "sec-fetch-mode": "cors" })).status).toBe(401);
});

test("who leaves the organisation is out within the hour, and so are their machines; an outage of GitHub puts nobody out", async () => {
  const { cookie } = await signIn("carl");
  const { socket, token } = await machineOf(cookie, "carls");
  const recheck = () =>
    recheckAll(
      {
        db: people.hub.db,
        log: createLogger("silent"),
        secrets: createHubSecrets(HUB_SECRET),
        github: people.settings,
        allowed,
      },
      undefined,
      0,
    );
  people.github.state.isDown = true;
  await recheck();
  people.github.state.isDown = false;
  expect((await ask("/clients", { cookie })).status).toBe(200);
  people.github.add({ id: 5, login: "carl", orgs: [], teams: [] });
  await recheck();
  expect(await socket.untilClosed()).toMatchObject({ code: 1008 });
  expect((await ask("/clients", { cookie, "sec-fetch-mode": "cors" })).status).toBe(401);
  expect((await people.hub.socket(`/ws/connect?token=${token}`)).status).toBe(401);
});
