import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { hubWithPeople, type HubWithPeople } from "../support/hub-people.ts";
import { requestAs } from "../support/hub.ts";
import { oldMachine } from "../support/old-machine.ts";

let people: HubWithPeople;
beforeAll(async () => {
  people = await hubWithPeople({ users: ["anna", "ben"], orgs: [], teams: [] });
  people.github.add({ id: 2, login: "anna", orgs: [], teams: [] });
  people.github.add({ id: 3, login: "ben", orgs: [], teams: [] });
});
afterAll(() => people[Symbol.asyncDispose]());

test("the same client id and host name of two people are two machines", async () => {
  const [anna, ben] = [await people.signIn("anna"), await people.signIn("ben")];
  await using annas = (await people.machineOf(anna.cookie, "same-name")).socket;
  const [before] = await people.seenBy(anna.cookie);
  await using bens = (await people.machineOf(ben.cookie, "same-name")).socket;
  const [other] = await people.seenBy(ben.cookie);
  expect(other).toMatchObject({ owner: "ben", client_id: "same-name", is_connected: true });
  expect(other?.id).not.toBe(before?.id);
  const still = (await people.seenBy(anna.cookie)).find(({ id }) => id === before?.id);
  expect(still).toMatchObject({ owner: "anna", is_connected: true });
  expect([annas.closed.code, bens.closed.code]).toEqual([0, 0]);
});

test("a machine's token opens nothing but its own socket", async () => {
  const { cookie } = await people.signIn("anna");
  const { token, socket } = await people.machineOf(cookie, "token-only");
  const browser = await people.hub.socket(`/ws/connect?type=browser&token=${token}`, {
    headers: { host: people.host },
  });
  expect(browser.status).toBe(401);
  expect((await people.ask("/clients", { authorization: `Bearer ${token}` })).status).toBe(401);
  expect((await people.ask("/clients", { cookie: `hub=${token}` })).status).toBe(401);
  await socket[Symbol.asyncDispose]();
});

test("without a sign-in nothing of a machine is reached, not even its icons", async () => {
  const { cookie } = await people.signIn("anna");
  const machine = await oldMachine(people.hub.port, await people.tokenOf(cookie, "icons"), "icons");
  const id = (await people.seenBy(cookie)).find(({ metadata }) => metadata.hostname === "icons")?.id ?? "";
  const paths = ["manifest.json", "sw.js", "favicon.ico", "icons/nope"];
  const own = { host: `${id}.${people.host}`, headers: { "sec-fetch-mode": "no-cors" } };
  const statuses = [];
  for (const path of paths) {
    statuses.push((await people.ask(`/clients/${id}/proxy/${path}`)).status);
    statuses.push((await requestAs(people.hub.port, { ...own, path: `/${path}` })).status);
  }
  expect(new Set(statuses)).toEqual(new Set([401]));
  expect(machine.asked).toEqual([]);
  expect((await people.ask(`/clients/${id}/proxy/icons/nope`, { cookie })).status).toBe(200);
  await machine.socket[Symbol.asyncDispose]();
});

test("a sign-in and a token end at their very time", async () => {
  const { cookie } = await people.signIn("ben");
  const { token, socket } = await people.machineOf(cookie, "timed");
  await socket[Symbol.asyncDispose]();
  const { userId } = await people.hub.db
    .updateTable("hub.tokens")
    .set({ expiresAt: sql<Date>`now() - interval '1 millisecond'` })
    .where("id", "=", token.split("_")[1] ?? "")
    .returning("userId")
    .executeTakeFirstOrThrow();
  expect((await people.hub.socket(`/ws/connect?token=${token}`)).status).toBe(401);
  expect((await people.ask("/clients", { cookie })).status).toBe(200);
  await people.hub.db
    .updateTable("hub.signIns")
    .set({ expiresAt: sql<Date>`now() - interval '1 millisecond'` })
    .where("userId", "=", userId)
    .execute();
  expect((await people.ask("/clients", { cookie })).status).toBe(401);
});

test("no more tokens than fit are made, by claiming machines neither", async () => {
  const { cookie } = await people.signIn("ben");
  const { userId } = await people.hub.db
    .selectFrom("hub.users")
    .select("id as userId")
    .where("login", "=", "ben")
    .executeTakeFirstOrThrow();
  const ids = Array.from({ length: 200 }, (_, index) => index.toString(16).padStart(16, "f"));
  await people.hub.db
    .insertInto("hub.tokens")
    .values(ids.map((id) => ({ id, userId, name: "one of many" })))
    .execute();
  expect((await people.ask("/api/tokens", { cookie }, "POST", { name: "one more" })).status).toBe(409);
  await using waiting = await people.hub.socket("/ws/pending?user=ben");
  waiting.send({ type: "pending_register", pending_id: "p1", hostname: "box", project: "/p", platform: "linux" });
  await waiting.frame("pending_registered");
  const pending = () => people.ask("/api/pending", { cookie });
  const [{ id }] = JSON.parse((await pending()).body.toString()) as [{ id: string }];
  const claim = () => people.ask(`/api/pending/${id}/claim`, { cookie }, "POST", { name: "box" });
  expect((await claim()).status).toBe(409);
  await people.hub.db.deleteFrom("hub.tokens").where("id", "in", ids).execute();
  expect((await claim()).status).toBe(200);
});

test("who signs in too often from one address waits", async () => {
  const from = { "x-forwarded-for": "203.0.113.9" };
  const statuses = [];
  for (let index = 0; index < 31; index++) statuses.push((await people.ask("/auth/github", from)).status);
  expect([statuses.at(-2), statuses.at(-1)]).toEqual([302, 429]);
});
