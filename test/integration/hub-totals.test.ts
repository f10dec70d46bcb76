import { afterAll, beforeAll, expect, test } from "vitest";
import type { HubMachine } from "../../src/contract/hub.ts";
import { testApp } from "../support/app.ts";
import { type TestHub, testHub, type TestSocket, until } from "../support/hub.ts";
import { setDesired } from "../support/orchestration.ts";

interface Listed {
  clients: HubMachine[];
  totals: { running: number; desired: number };
}

let hub: TestHub;
beforeAll(async () => {
  hub = await testHub();
});
afterAll(() => hub[Symbol.asyncDispose]());

const listed = () => hub.json<Listed>("/clients");
const orchestrationOf = async (hostname: string) =>
  (await listed()).clients.find(({ metadata }) => metadata.hostname === hostname)?.metadata.orchestration;
const says = (hostname: string, wanted: object | null) =>
  until(
    async () => {
      const said = await orchestrationOf(hostname);
      return JSON.stringify(said) === JSON.stringify(wanted) || undefined;
    },
    `${JSON.stringify(wanted)} of ${hostname}`,
  );

async function connect(token: string, name: string): Promise<TestSocket> {
  const socket = await hub.socket(`/ws/connect?token=${token}&client_id=${name}`);
  const metadata = { hostname: name, project: "/p", status: "idle", callback_url: null };
  socket.send({ type: "register", client_id: name, user_token: null, metadata });
  await socket.frame("registered");
  return socket;
}

const update = (name: string, orchestration?: unknown, status = "idle") => ({
  type: "status_update",
  client_id: name,
  status,
  ...(orchestration !== undefined && { orchestration }),
});

test("a hub shows what machines run and should run, live, and sums those that are connected", async () => {
  const token = await hub.token();
  await using one = await connect(token, "one");
  const two = await connect(token, "two");
  await using browser = await hub.socket("/ws/connect?type=browser");
  browser.send({ type: "get_clients" });
  await browser.frame("client_list");
  expect(await orchestrationOf("one")).toBeNull();
  one.send(update("one", { running: 1, desired: 3 }));
  two.send(update("two", { running: 2, desired: 2 }, "busy"));
  await browser.frame<{ type: string; client: HubMachine }>(
    "client_update",
    ({ client: { metadata } }) => metadata.hostname === "one" && metadata.orchestration?.desired === 3,
  );
  await says("one", { running: 1, desired: 3 });
  await says("two", { running: 2, desired: 2 });
  expect((await listed()).totals).toEqual({ running: 3, desired: 5 });

  two.socket.close();
  await says("two", null);
  expect((await listed()).totals).toEqual({ running: 1, desired: 3 });
  // What it said on its former connection is not held for true.
  await using again = await connect(token, "two");
  expect(await orchestrationOf("two")).toBeNull();
  again.send(update("two", { running: 0, desired: 4 }));
  await says("two", { running: 0, desired: 4 });
  expect(JSON.stringify(await hub.json("/health"))).not.toContain("desired");
});

test("what is no count is ignored, the status beside it holds, and nothing of it stands in the timeline", async () => {
  await using liar = await connect(await hub.token(), "liar");
  liar.send(update("liar", { running: 1, desired: 1 }));
  await says("liar", { running: 1, desired: 1 });
  const lies = [
    { running: -1, desired: 2 },
    { running: 1.5, desired: 2 },
    { running: 1e12, desired: 2 },
    { running: "2", desired: 2 },
    { running: 2 },
    [2, 2],
    "2/2",
    null,
  ];
  const statuses = ["busy", "idle"];
  for (const [at, lie] of lies.entries()) {
    const status = statuses[at % 2];
    liar.send(update("liar", lie, status));
    await until(
      async () => {
        const { clients } = await listed();
        return clients.some(({ client_id: id, metadata }) => id === "liar" && metadata.status === status) || undefined;
      },
      `status ${status} beside ${JSON.stringify(lie)}`,
    );
    expect(await orchestrationOf("liar")).toEqual({ running: 1, desired: 1 });
  }
  const id = (await listed()).clients.find(({ client_id: name }) => name === "liar")?.id;
  const { events } = await hub.json<{ events: { kind: string; text: string }[] }>(`/clients/${id}/events`);
  expect(events.filter(({ kind }) => kind === "status")).toHaveLength(lies.length);
});

const desiring = (desired: number) =>
  until(async () => {
    const { clients } = await listed();
    return clients.find(({ metadata }) => metadata.orchestration?.desired === desired);
  }, `desired ${desired}`);

test("our machine tells its totals when they change, and again to a hub that was restarted", async () => {
  await using machine = await testApp({
    ORCHESTRATOR_MODE: "client",
    ORCHESTRATOR_URL: `ws://127.0.0.1:${hub.port}/ws/connect`,
    ORCHESTRATOR_TOKEN: await hub.token("ours"),
    ORCHESTRATOR_RECONNECT_INTERVAL: "200",
  });
  await setDesired(machine.url, "acme/web", 7);
  const { id } = await desiring(7);
  await setDesired(machine.url, "acme/web", 8);
  await setDesired(machine.url, "acme/api", 9);
  expect(await desiring(17)).toMatchObject({ id, metadata: { orchestration: { running: 0 } } });
  await hub.restart();
  expect(await desiring(17)).toMatchObject({ id });
});
