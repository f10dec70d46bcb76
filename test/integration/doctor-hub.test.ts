import { afterAll, beforeAll, expect, test } from "vitest";
import { checkHub } from "../../src/cli/doctor/check-hub.ts";
import { readConfig } from "../../src/config.ts";
import type { HubMachine } from "../../src/contract/hub.ts";
import { openClaimStore } from "../../src/orchestrator/claimed-token.ts";
import { testDatabase } from "../support/database.ts";
import { temporaryFolder } from "../support/git.ts";
import { startHubStandIn } from "../support/hub-stand-in.ts";
import { type TestHub, testHub } from "../support/hub.ts";
import { oldMachine } from "../support/old-machine.ts";

let hub: TestHub;
beforeAll(async () => {
  hub = await testHub();
});
afterAll(() => hub[Symbol.asyncDispose]());

const ourUrl = () => `ws://127.0.0.1:${hub.port}/ws/connect`;

async function look(values: Record<string, string>) {
  const checks = await checkHub(readConfig({ ORCHESTRATOR_MODE: "client", DATA_DIR: "/nowhere", ...values }));
  expect(JSON.stringify(checks), "a token").not.toMatch(/ao_/);
  return Object.fromEntries(checks.map(({ name, state, text, advice }) => [name, { state, text, advice }]));
}

test("a server that is no machine of a hub hears nothing of hubs", async () => {
  expect(await look({ ORCHESTRATOR_MODE: "standalone" })).toEqual({});
});

test("our hub takes the token; the machine's own socket stays, and no other machine appears", async () => {
  const token = await hub.token();
  const machine = await oldMachine(hub.port, token, "looked-at");
  const found = await look({ ORCHESTRATOR_URL: ourUrl(), ORCHESTRATOR_TOKEN: token });
  expect(found["hub"]).toEqual({ state: "ok", text: `${ourUrl()} takes ORCHESTRATOR_TOKEN`, advice: undefined });
  expect(found["hub access"]).toMatchObject({ state: "warn", text: expect.stringContaining("everybody") });
  const { clients } = await hub.json<{ clients: HubMachine[] }>("/clients");
  expect(clients.map(({ metadata, is_connected }) => [metadata.hostname, is_connected])).toEqual([["looked-at", true]]);
  expect(machine.socket.closed.code).toBe(0);
  await machine.socket[Symbol.asyncDispose]();
});

test("an older hub is asked for a socket under another id, which is closed before anything is said on it", async () => {
  await using old = await startHubStandIn();
  const values = { ORCHESTRATOR_URL: old.url, ORCHESTRATOR_TOKEN: "ao_1_2", ORCHESTRATOR_CLIENT_ID: "own-id" };
  const found = await look({ ...values, ORCHESTRATOR_GITHUB_USERS: "octocat" });
  expect(found).toMatchObject({ hub: { state: "ok" }, "hub access": { state: "ok" } });
  const { request, socket, frames } = await old.machine(0);
  if (socket.readyState !== socket.CLOSED) await new Promise((resolve) => void socket.once("close", resolve));
  expect(request.url).toMatch(/^\/ws\/connect\?token=ao_1_2&client_id=doctor-[0-9a-f]{16}$/);
  expect(frames).toEqual([]);
  expect(old.machines).toHaveLength(1);
});

test("a token that is refused, a wrong address and a hub that is away are told apart", async () => {
  const wrong = await look({ ORCHESTRATOR_URL: ourUrl(), ORCHESTRATOR_TOKEN: "ao_1_2" });
  expect(wrong["hub"]).toMatchObject({ state: "fail", advice: expect.stringContaining("make a new one") });
  expect(wrong["hub"]?.text).toContain("answers 401: Invalid token format, to ORCHESTRATOR_TOKEN");
  const elsewhere = await look({
    ORCHESTRATOR_URL: `ws://127.0.0.1:${hub.port}/ws/other`,
    ORCHESTRATOR_TOKEN: await hub.token(),
  });
  expect(elsewhere["hub address"]).toMatchObject({ state: "fail", advice: expect.stringContaining("/ws/connect") });
  expect(elsewhere["hub"]?.advice).toContain("correct ORCHESTRATOR_URL");
  const away = await look({ ORCHESTRATOR_URL: "ws://127.0.0.1:9/ws/connect", ORCHESTRATOR_TOKEN: "ao_1_2" });
  expect(away["hub"]).toMatchObject({ state: "fail", text: expect.stringContaining("ECONNREFUSED") });
  await using sick = await startHubStandIn({ refuse: 503 });
  const unwell = await look({ ORCHESTRATOR_URL: sick.url, ORCHESTRATOR_TOKEN: "ao_1_2" });
  expect(unwell["hub"]).toMatchObject({ state: "fail", advice: expect.stringContaining("see its log") });
});

test("without a token it is said that the machine waits; one it was given when it was claimed is tried", async () => {
  await using database = await testDatabase();
  await using folder = await temporaryFolder();
  const values = {
    ORCHESTRATOR_URL: ourUrl(),
    ORCHESTRATOR_CLAIM_USERS: "octocat",
    DATABASE_URL: database.connectionString,
    DATA_DIR: folder.path,
  };
  expect((await look(values))["hub"]).toMatchObject({ state: "warn", text: expect.stringContaining("waits to be") });
  expect(await hub.json("/api/pending")).toEqual([]);
  const claims = await openClaimStore({ db: database.db, dataDir: folder.path, hub: `127.0.0.1:${hub.port}` });
  await claims.save({ token: await hub.token(), clientId: undefined });
  expect((await look(values))["hub"]).toMatchObject({ state: "ok", text: expect.stringContaining("was claimed") });
  await claims.save({ token: `ao_${"0".repeat(16)}_${"0".repeat(64)}`, clientId: undefined });
  expect((await look(values))["hub"]).toMatchObject({ state: "fail", advice: expect.stringContaining("Restart") });
});
