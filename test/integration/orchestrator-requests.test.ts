import { json, text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TunnelOpen } from "../../src/contract/orchestrator-tunnel.ts";
import { Session } from "../../src/contract/session.ts";
import { testApp, type TestApp } from "../support/app.ts";
import { type Frame, type HubStandIn, type MachineSocket, polite, startHubStandIn } from "../support/hub-stand-in.ts";
import { until } from "../support/slack-app.ts";

const OCTOCAT = { sub: "42", login: "octocat", orgs: ["org"], teams: [] };
let hub: HubStandIn;
let app: TestApp;
let machine: MachineSocket;

const environment = (url: string) => ({
  ORCHESTRATOR_MODE: "client",
  ORCHESTRATOR_URL: url,
  ORCHESTRATOR_TOKEN: "ao_0123456789abcdef_0123",
  ORCHESTRATOR_CLIENT_ID: "test-machine",
  ORCHESTRATOR_GITHUB_USERS: "octocat",
  CLAUDE_ALLOWED_TOOLS: "Bash",
});

beforeAll(async () => {
  hub = await startHubStandIn({ behave: polite });
  app = await testApp(environment(hub.url));
  machine = await hub.machine(0);
  await machine.frame("status_update");
});
afterAll(async () => {
  await app[Symbol.asyncDispose]();
  await hub[Symbol.asyncDispose]();
});

let count = 0;
/** All that a machine says to one request of a user, until it is complete. */
async function ask(action: string, payload: object, claims: object | null = OCTOCAT): Promise<Frame[]> {
  count += 1;
  const request_id = `req_${count}`;
  machine.send({ type: "user_request", request_id, action, payload, identity: claims && (await hub.sign(claims)) });
  await machine.frame("response_complete", (frame) => frame["request_id"] === request_id);
  return machine.frames.filter((frame) => frame["request_id"] === request_id);
}
const dataOf = (frames: Frame[]) => frames.map((frame) => frame["data"] as Record<string, unknown> | undefined);

async function open(asked: Partial<TunnelOpen>, claims: object = OCTOCAT) {
  const identity = await hub.sign(claims);
  return machine.tunnel.open({
    kind: "http",
    method: "GET",
    target: "/",
    headers: [],
    body: false,
    identity,
    ...asked,
  });
}

describe("what a person at the hub asks for", () => {
  test("begins a session, says what Claude says, and is complete", async () => {
    const frames = await ask("claude-command", { command: "hello", options: { projectPath: app.folder } });
    const [created, ...rest] = dataOf(frames);
    expect(created).toMatchObject({ type: "session-created" });
    const said = rest
      .filter((data) => data?.["type"] === "claude-response")
      .map((data) => (data?.["data"] as { text?: string } | undefined)?.text);
    expect(rest.at(-2)).toMatchObject({
      type: "claude-complete",
      sessionId: created?.["sessionId"],
      exitCode: 0,
      answer: said.join(""),
    });
    expect(frames.at(-1)).toMatchObject({ type: "response_complete", data: { code: 1000 } });

    const session = await app.request(Session, `/api/sessions/${String(created?.["sessionId"])}`);
    expect(session).toMatchObject({ source: "hub", status: "completed" });
    expect(await app.messages(session.sessionId)).toMatchObject([
      { source: "hub", author: "octocat" },
      { source: "claude" },
    ]);

    const again = dataOf(await ask("claude-command", { message: "and again", session_id: session.sessionId }));
    expect(again.map((data) => data?.["type"])).not.toContain("session-created");
    expect(again.at(-2)).toMatchObject({ type: "claude-complete", isNewSession: false });
    expect(await app.runs(session.sessionId)).toHaveLength(2);

    const status = dataOf(await ask("check-session-status", { sessionId: session.sessionId }));
    expect(status[0]).toMatchObject({ type: "session-status", status: "completed", isProcessing: false });
  });

  test.each<[string, object, object]>([
    ["get-active-sessions", {}, { type: "active-sessions", sessions: { claude: [], cursor: [], codex: [] } }],
    [
      "abort-session",
      { session_id: "0f0e0d0c-0000-4000-8000-000000000000" },
      { type: "session-aborted", success: false },
    ],
  ])("%s is answered", async (action, payload, expected) => {
    const frames = await ask(action, payload);
    expect(frames.map(({ type }) => type)).toEqual(["response_chunk", "response_complete"]);
    expect(frames[0]?.["data"]).toMatchObject(expected);
  });

  test.each<[what: string, asked: [string, object, (object | null)?], error: object]>([
    ["an action that is not known", ["rm-rf", {}], { message: "Unknown action: rm-rf" }],
    ["a payload that is none", ["claude-command", { command: 7 }], { message: "The payload is not valid" }],
    ["an empty command", ["claude-command", {}], {}],
    ["a session that is not here", ["check-session-status", { sessionId: "abc" }], {}],
    ["somebody who is not signed in", ["claude-command", { command: "hi" }, null], { auth_error: true }],
    [
      "somebody not allowed",
      ["claude-command", { command: "hi" }, { ...OCTOCAT, login: "mallory" }],
      { auth_error: true },
    ],
  ])("%s is an error, and complete", async (_what, asked, error) => {
    const frames = await ask(...asked);
    expect(frames).toMatchObject([
      { type: "error", ...error },
      { type: "response_complete", data: { code: 4000 } },
    ]);
  });

  test("a request without an id of ours, and frames of no request, harm nothing", async () => {
    machine.send({ type: "user_request", request_id: 7, action: "claude-command", payload: {} });
    machine.send({ type: "user_request", request_id: "req_never", action: "close", payload: {} });
    machine.socket.send(Buffer.from([3, 0, 0, 0, 99, 1, 2, 3]));
    const closed = await machine.frame("response_complete", (frame) => frame["request_id"] === "req_never");
    expect(closed["data"]).toEqual({ code: 1000, reason: "Normal close" });
    expect(machine.isOpen()).toBe(true);
  });
});

describe("our dashboard and API through the tunnel", () => {
  test("the page, its API and what they refuse", async () => {
    const page = await open({ target: "/", headers: [["accept", "text/html"]] });
    expect([200, 503]).toContain((await page.head).status);
    expect(await text(page)).toContain("<!doctype html>");
    const status = await open({ target: "/api/status" });
    expect((await status.head).status).toBe(200);
    expect(await json(status)).toMatchObject({ hub: { state: "connected" } });
    const missing = await open({ target: "/api/sessions/0f0e0d0c-0000-4000-8000-000000000000" });
    expect((await missing.head).status).toBe(404);
    missing.resume();
    const other = await open({ target: "/api/status" }, { ...OCTOCAT, login: "mallory" });
    expect((await other.head).status).toBe(403);
    other.resume();
  });

  test("the counts of orchestration are followed over a WebSocket, by who may come in", async () => {
    const socket = await open({
      kind: "websocket",
      target: "/socket.io/?EIO=4&transport=websocket",
      body: true,
      headers: [
        ["sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="],
        ["sec-websocket-version", "13"],
      ],
    });
    const { status, headers } = await socket.head;
    expect(status).toBe(101);
    expect(headers).toContainEqual(["sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="]);
    let seen = "";
    socket.on("data", (bytes: Buffer) => (seen += bytes.toString("latin1")));
    // A masked text frame "40": join the first namespace.
    socket.write(Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x34, 0x30]));
    await until(
      () => (/40\{"sid"/u.test(seen) ? true : undefined),
      () => `nobody answered: ${seen}`,
    );
    socket.destroy();
  });

  test("a session that is begun there is followed live, and seen by the status", async () => {
    const feed = await open({ target: "/api/events" });
    expect((await feed.head).headers).toContainEqual(["content-type", "text/event-stream; charset=utf-8"]);
    let seen = "";
    feed.on("data", (bytes: Buffer) => (seen += bytes.toString()));
    await machine.frame("status_update", (frame) => frame["status"] === "active");
    const body = JSON.stringify({
      projectType: "local",
      projectPath: app.folder,
      initialPrompt: "hello",
      source: "dashboard",
      author: "somebody else",
    });
    const start = await open({
      method: "POST",
      target: "/api/sessions",
      headers: [
        ["content-type", "application/json"],
        ["content-length", String(Buffer.byteLength(body))],
      ],
      body: true,
    });
    start.end(body);
    expect((await start.head).status).toBe(201);
    const { sessionId } = (await json(start)) as { sessionId: string };
    await until(
      () => (seen.includes(sessionId) && seen.includes('"status":"succeeded"') ? true : undefined),
      () => `the end of ${sessionId} did not come: ${seen}`,
    );
    feed.destroy();
    expect(await app.until(sessionId, ["completed"])).toMatchObject({ source: "dashboard" });
    expect((await app.messages(sessionId))[0]).toMatchObject({ author: "octocat" });
    const before = machine.frames.length;
    await machine.frame(
      "status_update",
      (frame) => frame["status"] === "idle" || machine.frames.indexOf(frame) >= before,
    );
  });
});
