import { pino } from "pino";
import { expect, test } from "vitest";
import type { OrchestratorConfig } from "../../../src/config-orchestrator.ts";
import { stayConnected } from "../../../src/orchestrator/stay-connected.ts";
import { type HubBehaviour, polite, startHubStandIn } from "../../support/hub-stand-in.ts";
import { NO_RULES } from "../../support/tunnel-server.ts";

/** A machine that keeps to a hub with a pause of 40 ms at first. */
async function kept(
  behave: () => HubBehaviour,
  { refuse, ...values }: Partial<OrchestratorConfig> & { refuse?: number } = {},
) {
  await using parts = new AsyncDisposableStack();
  const hub = parts.use(await startHubStandIn({ behave, ...(refuse !== undefined && { refuse }) }));
  const claims = {
    read: () => Promise.resolve(undefined),
    save: () => Promise.resolve([]),
    forget: () => Promise.resolve([]),
  };
  const status = {
    current: () => "idle" as const,
    onChange: () => () => undefined,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const machine = parts.use(
    stayConnected({
      config: {
        url: hub.url,
        token: "ao_1_2",
        clientId: "m1",
        reconnectMs: 40,
        heartbeatMs: 60_000,
        callbackUrl: undefined,
        rules: NO_RULES,
        claim: NO_RULES,
        githubApiUrl: "http://127.0.0.1:1",
        authDebug: false,
        ...values,
      },
      project: "/tmp",
      claims,
      status,
      handlers: { http: () => undefined, user: () => undefined, stream: () => undefined },
      log: pino({ level: "silent" }),
    }),
  );
  const all = parts.move();
  return { hub, machine, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

test("a hub that takes the machine in and throws it out at once is asked ever more seldom, one socket at a time", async () => {
  const opened: number[] = [];
  let open = 0;
  let most = 0;
  await using one = await kept(() => (machine, frame) => {
    polite()(machine, frame);
    if (frame.type !== "status_update") return;
    opened.push(performance.now());
    open += 1;
    most = Math.max(most, open);
    machine.socket.on("close", () => (open -= 1));
    machine.socket.terminate();
  });
  await one.hub.machine(4);
  await one.hub.machine(5);
  const pauses = opened.slice(1).map((at, index) => at - (opened[index] ?? 0));
  expect(pauses[3]).toBeGreaterThan((pauses[0] ?? 0) * 1.5);
  expect(most).toBe(1);
});

test.each([
  ["says that the token is no longer good", 1008],
  ["gave the place to another", 4001],
])("a hub that %s is not asked again at once", async (_what, code) => {
  await using one = await kept(() => (machine, frame) => {
    polite()(machine, frame);
    if (frame.type === "status_update") machine.socket.close(code, "no");
  });
  await expect.poll(() => one.machine.connection()).toMatchObject({ state: "waiting", message: `no (${code})` });
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(one.hub.machines).toHaveLength(1);
});

test("a person who refuses the claim is not asked again at once", async () => {
  await using one = await kept(
    () => (machine, frame) =>
      frame.type === "pending_register" && machine.send({ type: "authorization_denied", reason: "no" }),
    { token: undefined, claim: { ...NO_RULES, users: ["octocat"] } },
  );
  await expect
    .poll(() => one.machine.connection())
    .toMatchObject({ state: "waiting", message: expect.stringMatching(/refused/) });
  expect(one.hub.machines).toHaveLength(1);
});

test("a token that the hub does not know is said, and not tried again at once", async () => {
  await using one = await kept(() => polite(), { refuse: 401 });
  await expect
    .poll(() => one.machine.connection())
    .toMatchObject({ state: "waiting", message: "the hub does not know this token" });
});

test("a machine whose hub is not there keeps asking until it is", async () => {
  const { port, url, [Symbol.asyncDispose]: end } = await startHubStandIn();
  await end();
  await using one = await kept(() => polite(), { url });
  await expect.poll(() => one.machine.connection()).toMatchObject({ state: "waiting" });
  await using hub = await startHubStandIn({ port });
  await (await hub.machine(0)).frame("status_update");
  await expect.poll(() => one.machine.connection()).toMatchObject({ state: "connected", message: null });
});
