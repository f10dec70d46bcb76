import { pino } from "pino";
import { expect, test } from "vitest";
import type { IdentityKey, MachineFrame } from "../../../src/contract/orchestrator-frames.ts";
import { createLogger, troublesOf } from "../../../src/lib/logger.ts";
import { startHeartbeat } from "../../../src/orchestrator/heartbeat.ts";
import type { HubHandlers } from "../../../src/orchestrator/hub-session.ts";
import { holdSession } from "../../../src/orchestrator/hub-session.ts";
import { openHubSocket } from "../../../src/orchestrator/hub-socket.ts";
import { reportTrouble } from "../../../src/orchestrator/report-trouble.ts";
import { type HubBehaviour, polite, startHubStandIn } from "../../support/hub-stand-in.ts";

const none: HubHandlers = { http: () => undefined, user: () => undefined, stream: () => undefined };

/** One session with a hub that behaves like this, and what it logged. */
async function session(
  behave: (key: IdentityKey) => HubBehaviour,
  values: { registerMs?: number; handlers?: HubHandlers } = {},
) {
  const hub = await startHubStandIn({ behave });
  const lines: string[] = [];
  const stopped = new AbortController();
  const ended = holdSession({
    url: `${hub.url}?token=ao_secret`,
    clientId: "m1",
    register: { type: "register", client_id: "m1", user_token: "ao_secret", metadata: {} },
    heartbeatMs: 60_000,
    log: pino({ level: "debug" }, { write: (line: string) => lines.push(line) }),
    handlers: none,
    status: () => "idle",
    onStatus: () => () => undefined,
    onRegistered: () => undefined,
    troubles: { watch: () => () => undefined },
    signal: stopped.signal,
    ...values,
  });
  const close = () => hub[Symbol.asyncDispose]();
  return { hub, ended, lines, stop: () => stopped.abort(), [Symbol.asyncDispose]: close };
}

test("the log has the two lines that people are told to look for, and never the token", async () => {
  await using one = await session(polite);
  await (await one.hub.machine(0)).frame("status_update");
  one.stop();
  expect(await one.ended).toMatchObject({ isSentAway: false });
  const log = one.lines.join("");
  expect(log).toContain("[ORCHESTRATOR] Connected to orchestrator");
  expect(log).toContain("[ORCHESTRATOR] Successfully connected and registered");
  expect(log).not.toContain("ao_secret");
});

test("a hub that does not register the machine in time is left", async () => {
  await using one = await session(() => () => undefined, { registerMs: 50 });
  expect(await one.ended).toMatchObject({ registeredMs: 0, isSentAway: false });
});

test("a hub that says no is left", async () => {
  await using one = await session(() => (machine) => machine.send({ type: "registered", success: false }));
  expect(await one.ended).toMatchObject({ registeredMs: 0 });
});

test("nothing is answered before the hub has registered the machine", async () => {
  const asked: string[] = [];
  const handlers: HubHandlers = {
    ...none,
    http: ({ path }) => asked.push(path),
    user: ({ action }) => asked.push(action),
  };
  await using one = await session(
    () => (machine) => {
      machine.send({ type: "user_request", request_id: "1", action: "claude-command", payload: {} });
      machine.send({ type: "command", command: "disconnect" });
      machine.send({ type: "http_proxy_request", request_id: "2", method: "GET", path: "/", headers: [] });
    },
    { registerMs: 200, handlers },
  );
  expect(await one.ended).toMatchObject({ isSentAway: false });
  expect(asked).toEqual([]);
});

test("requests that break a rule are answered once the machine is registered", async () => {
  await using one = await session(polite);
  const machine = await one.hub.machine(0);
  await machine.frame("status_update");
  machine.send({ type: "http_proxy_request", request_id: "r1", method: "GET", path: "@evil/", headers: [] });
  machine.send({ type: "user_request", request_id: "r2", action: 7 });
  expect(await machine.frame("http_proxy_response")).toMatchObject({ request_id: "r1", status: 400 });
  expect(await machine.frame("response_complete")).toMatchObject({ request_id: "r2", data: { code: 4000 } });
  one.stop();
  await one.ended;
});

test("a hub that signs nobody gets no tunnel, and bytes of it are ignored", async () => {
  await using one = await session(() => polite());
  const machine = await one.hub.machine(0);
  await machine.frame("status_update");
  machine.socket.send(Buffer.from([1, 2, 3]));
  machine.send({ type: "command", command: "refresh_status" });
  await machine.frame("status_update", (frame) => machine.frames.indexOf(frame) > 1);
  one.stop();
  expect(await one.ended).toMatchObject({ isSentAway: false });
});

test("a hub with the tunnel that sends what is no frame loses the connection", async () => {
  await using one = await session(polite);
  const machine = await one.hub.machine(0);
  await machine.frame("status_update");
  machine.socket.send(Buffer.from([1, 2, 3]));
  expect((await one.ended).code).toBe(1006);
});

test("a hub that does not read is given up before it costs all memory", { timeout: 60_000 }, async () => {
  await using hub = await startHubStandIn();
  const opened = Promise.withResolvers<void>();
  const socket = openHubSocket(hub.url, { onOpen: opened.resolve, onText: () => undefined, onBytes: () => undefined });
  await opened.promise;
  (await hub.machine(0)).socket.pause();
  const mebibyte = "x".repeat(1024 * 1024);
  for (let n = 0; n < 200; n++) socket.send({ type: "response_chunk", request_id: "r", data: mebibyte });
  expect((await socket.closed).code).toBe(1006);
});

test("a short interval does not hide a dead hub: an unanswered ping is not repeated, and counts", async () => {
  let pings = 0;
  const dead = Promise.withResolvers<number>();
  const from = performance.now();
  const heartbeat = startHeartbeat({
    intervalMs: 5,
    pongMs: 60,
    ping: () => void (pings += 1),
    onDead: () => dead.resolve(performance.now() - from),
  });
  expect(await dead.promise).toBeGreaterThan(50);
  expect(pings).toBe(1);
  heartbeat.stop();
});

test("warnings and errors are reported, a few a minute, without the fields of their lines", () => {
  const said: MachineFrame[] = [];
  const watchers: ((trouble: { level: "warning" | "error"; message: string }) => void)[] = [];
  reportTrouble({ watch: (one) => (watchers.push(one), () => undefined) }, "m1", (frame) => said.push(frame));
  for (let n = 0; n < 100; n++) watchers[0]?.({ level: "warning", message: "x".repeat(5000) });
  expect(said).toHaveLength(30);
  expect(said[0]).toMatchObject({ type: "report", client_id: "m1", level: "warning", message: "x".repeat(1000) });
});

test("the text of a line and of its error is what is reported, also of a child logger", () => {
  const log = createLogger("error");
  const heard: object[] = [];
  const end = troublesOf(log).watch((trouble) => heard.push(trouble));
  log.warn("below the level of the log");
  log.child({ sessionId: "s1" }).error({ err: new Error("boom"), prompt: "secret" }, "this line belongs to a test");
  end();
  expect(heard).toEqual([{ level: "error", message: "this line belongs to a test: boom" }]);
});
