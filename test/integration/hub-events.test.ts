import { afterEach, beforeEach, expect, test } from "vitest";
import { startHubApp } from "../../src/app-hub.ts";
import { signBody } from "../../src/channels/callback/signed-channel.ts";
import { readConfig } from "../../src/config.ts";
import { CreatedSubscription } from "../../src/contract/subscription.ts";
import { createLogger } from "../../src/lib/logger.ts";
import { testApp, testEnvironment } from "../support/app.ts";
import { testDatabase } from "../support/database.ts";
import { startEventReceiver, type HeardEvent } from "../support/event-receiver.ts";
import { temporaryFolder } from "../support/git.ts";
import { startGitHub } from "../support/github-stand-in.ts";
import { openSocket, requestAs, until } from "../support/hub.ts";

const KEY = "key-of-who-runs-the-hub";
const MACHINE_TYPES = ["machine.connected", "machine.status", "machine.disconnected"];

let parts: AsyncDisposableStack;
beforeEach(() => {
  parts = new AsyncDisposableStack();
});
afterEach(() => parts.disposeAsync());

/** The hub as the command starts it, in this process. */
async function hubApp(values: Record<string, string>) {
  const hub = parts.use(await startHubApp(readConfig({ HUB_PORT: "0", ...values }), createLogger("silent")));
  const port = Number(new URL(hub.url).port);
  const ask = (path: string, headers: Record<string, string> = {}, body?: object) =>
    requestAs(port, {
      host: `localhost:${port}`,
      path,
      method: body ? "POST" : "GET",
      headers: { ...(body && { "content-type": "application/json" }), ...headers },
      ...(body && { body: JSON.stringify(body) }),
    });
  return { url: hub.url, port, ask };
}

async function ownPlace(values: Record<string, string> = {}) {
  const database = parts.use(await testDatabase());
  const folder = parts.use(await temporaryFolder());
  return testEnvironment(folder.path, { DATABASE_URL: database.connectionString, ...values });
}

type TestHubApp = Awaited<ReturnType<typeof hubApp>>;

async function tokenOf({ ask }: TestHubApp): Promise<string> {
  const { body } = await ask("/api/tokens", {}, { name: "test" });
  return (JSON.parse(body.toString()) as { token: string }).token;
}

/** Comes, is busy, and goes. */
async function machineVisits({ port }: TestHubApp, token: string, untilHeard: (count: number) => Promise<unknown>) {
  await using socket = await openSocket(`ws://127.0.0.1:${port}/ws/connect?token=${token}`);
  socket.send({ type: "register", client_id: "box", user_token: "", metadata: { hostname: "box", project: "/p" } });
  await untilHeard(1);
  socket.send({ type: "status_update", client_id: "box", status: "busy" });
  await untilHeard(2);
  socket.socket.close();
  await untilHeard(3);
}

const isSigned = ({ headers, text }: HeardEvent, secret: string): boolean =>
  headers["x-orchestrator-signature"] === signBody(secret, String(headers["x-orchestrator-timestamp"]), text);

test("a hub with a database of its own tells subscribers of machines that come, are busy and go, each event signed", async () => {
  const hub = await hubApp(await ownPlace());
  await using receiver = await startEventReceiver();
  const made = await hub.ask("/api/subscriptions", {}, { url: receiver.url, types: MACHINE_TYPES });
  expect(made.status).toBe(201);
  const { id, secret } = CreatedSubscription.parse(JSON.parse(made.body.toString()));
  await machineVisits(hub, await tokenOf(hub), (count) =>
    until(() => receiver.heard.length >= count || undefined, `event ${count}`),
  );
  expect(receiver.types()).toEqual(MACHINE_TYPES);
  expect(receiver.heard.map((one) => isSigned(one, secret))).toEqual([true, true, true]);
  expect(receiver.heard.map(({ event }) => event.machine)).toMatchObject([
    { hostname: "box", status: "idle", owner: "local" },
    { hostname: "box", status: "busy" },
    { hostname: "box", status: "disconnected" },
  ]);

  const tested = await hub.ask(`/api/subscriptions/${id}/test`, {}, {});
  expect(tested.status).toBe(202);
  await until(() => receiver.types().includes("subscription.test") || undefined, "the test event");
  const listed = await hub.ask("/api/deliveries?kind=subscription");
  expect(JSON.parse(listed.body.toString())).toMatchObject({ items: [{ type: "subscription.test" }, {}, {}, {}] });
  expect(receiver.faults).toEqual([]);
});

test("subscriptions of a hub are for whoever runs it: no page of a machine, nobody who only signed in", async () => {
  const local = await hubApp(await ownPlace());
  const machine = `http://m${"0".repeat(15)}.localhost:${local.port}`;
  expect((await local.ask("/api/subscriptions")).status).toBe(200);
  for (const headers of [
    { origin: machine },
    { "sec-fetch-site": "same-site", "sec-fetch-mode": "cors" },
    { "x-forwarded-for": "203.0.113.1" },
    { authorization: `Bearer ${KEY}` },
  ])
    expect([401, 403]).toContain((await local.ask("/api/subscriptions", headers)).status);

  const github = parts.use(await startGitHub());
  github.add({ id: 7, login: "anna", orgs: [], teams: [] });
  const values = { GITHUB_CLIENT_ID: "client-id", GITHUB_CLIENT_SECRET: "client-secret", GITHUB_URL: github.url };
  const shared = await hubApp(await ownPlace({ ...values, ALLOWED_USERS: "anna", API_KEY: KEY }));
  github.state.login = "anna";
  const begun = await shared.ask("/auth/github");
  const back = new URL(
    (await fetch(String(begun.headers["location"]), { redirect: "manual" })).headers.get("location") ?? "",
  );
  const done = await shared.ask(back.pathname + back.search, { cookie: firstCookie(begun.headers["set-cookie"]) });
  const cookie = [done.headers["set-cookie"] ?? []]
    .flat()
    .map((line) => line.split(";", 1)[0])
    .join("; ");
  expect((await shared.ask("/api/me", { cookie })).status).toBe(200);

  const statuses = [];
  for (const path of ["/api/subscriptions", "/API/Subscriptions/", "/api/deliveries"])
    for (const headers of [{ cookie }, {}, { authorization: "Bearer wrong" }, { authorization: `Bearer ${KEY}` }])
      statuses.push((await shared.ask(path, headers)).status);
  expect(statuses).toEqual([401, 401, 401, 200, 401, 401, 401, 200, 401, 401, 401, 200]);
});

const firstCookie = (lines: string | string[] | undefined): string => [lines ?? []].flat()[0]?.split(";", 1)[0] ?? "";

test("where a server uses the hub's database, the server alone sends, by its own secret, and the hub says so", async () => {
  const app = parts.use(await testApp());
  const hub = await hubApp({ ...app.environment });
  const refused = await hub.ask("/api/subscriptions", {}, { url: "http://127.0.0.1:9/", types: MACHINE_TYPES });
  expect(refused).toMatchObject({ status: 409 });
  expect(refused.body.toString()).toContain("A server uses this database too");
  await using receiver = await startEventReceiver();
  const { secret } = await app.request(CreatedSubscription, "/api/subscriptions", {
    method: "POST",
    body: { url: receiver.url, types: MACHINE_TYPES },
  });
  await machineVisits(hub, await tokenOf(hub), (count) =>
    until(() => receiver.heard.length >= count || undefined, `event ${count}`),
  );
  expect(receiver.types()).toEqual(MACHINE_TYPES);
  expect(receiver.heard.map((one) => isSigned(one, secret))).toEqual([true, true, true]);
});
