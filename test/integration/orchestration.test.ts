import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TestDatabase, testDatabase } from "../support/database.ts";
import {
  ask,
  DIALS,
  editor,
  orchestrationServer,
  type OrchestrationServer,
  setDesired,
  workspacePath,
} from "../support/orchestration.ts";

let database: TestDatabase;
let one: OrchestrationServer;
let two: OrchestrationServer;

beforeAll(async () => {
  database = await testDatabase();
  one = await orchestrationServer(database.connectionString);
  two = await orchestrationServer(database.connectionString);
});
afterAll(async () => {
  await one?.[Symbol.asyncDispose]();
  await two?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
});

test("five editors on two machines see each other's wishes, as the seed tells it", async () => {
  const places = [
    ["/home/a/ide1", one],
    ["/home/a/ide2", two],
    ["/home/a/ide3", one],
    ["/home/b/ide1", two],
    ["/home/b/ide2", one],
  ] as const;
  const editors = places.map(([id, server]) => editor(server.url, id));
  for (const each of editors)
    expect(await each.until("orchestration.global")).toMatchObject({ running: 0, desired: 0 });
  const steps = [
    ["/home/b/ide1", 1, 1],
    ["/home/a/ide2", 1, 2],
    ["/home/a/ide3", 2, 4],
  ] as const;
  for (const [id, desired, total] of steps) {
    const { status, body } = await setDesired(one.url, id, desired);
    expect(status).toBe(200);
    expect(body).toEqual({
      workspace: { workspace_id: id, running: 0, desired, version: 1, paused: false },
      global: { running: 0, desired: total },
    });
    for (const each of editors) await each.until("orchestration.global", (global) => global.desired === total);
  }
  const own = await editors[2]?.until("orchestration.workspace", ({ desired }) => desired === 2);
  expect(own).toMatchObject({ workspaceId: "/home/a/ide3", workspace_id: "/home/a/ide3", running: 0, desired: 2 });
  expect(editors[0]?.of("orchestration.workspace")).toEqual([]);
  for (const each of editors) each[Symbol.dispose]();
});

describe.each(Object.entries(DIALS))("an editor that dials as %s", (_name, dial) => {
  test("subscribes, hears the values at once and each change, global first", async () => {
    const id = `/dial/${_name}`;
    await setDesired(one.url, id, 3);
    using it = editor(two.url, id, { dial });
    await it.until("orchestration.workspace", ({ desired }) => desired === 3);
    expect(it.heard.map(({ event }) => event).slice(0, 3)).toEqual([
      "subscribed",
      "orchestration.global",
      "orchestration.workspace",
    ]);
    await setDesired(one.url, id, 4);
    const changed = await it.until("orchestration.workspace", ({ desired }) => desired === 4);
    expect(changed.seq).toBe(it.of("orchestration.global").at(-1).seq);
    it.socket.emit("unsubscribe", { workspaceId: id });
    expect(await it.until("unsubscribed")).toEqual({ workspaceId: id });
  });
});

test("polling alone works too", async () => {
  using it = editor(one.url, "polled", { transports: ["polling"] });
  expect(await it.until("subscribed")).toEqual({ workspaceId: "polled" });
});

test("a question without its id, or with another kind of thing, is answered in words", async () => {
  using it = editor(one.url, undefined);
  for (const payload of [undefined, null, {}, { workspaceId: 5 }, "x"]) it.socket.emit("subscribe", payload);
  it.socket.emit("subscribeProjects", { projectNumbers: [] });
  it.socket.emit("subscribeProjects", { projectNumbers: ["4"] });
  await it.until("error", () => true, 6);
  expect(it.of("error").map(({ message }) => message as string)).toEqual([
    ...Array.from({ length: 5 }, () => "workspaceId is required"),
    ...Array.from({ length: 2 }, () => "projectNumbers array is required"),
  ]);
});

test.each(["/Users/me/work/repo one", "/tmp/100%", "%2Fhome", "@scope/pkg", "/домой/日本", String.raw`C:\work\pos`])(
  "%s is an id like any other, over HTTP and at the socket",
  async (id) => {
    using it = editor(two.url, id);
    await it.until("subscribed");
    const put = await setDesired(one.url, id, 2);
    expect(put.body.workspace).toMatchObject({ workspace_id: id, desired: 2 });
    expect(await it.until("orchestration.workspace", ({ desired }) => desired === 2)).toMatchObject({
      workspaceId: id,
    });
    expect((await ask(two.url, workspacePath(id))).body.workspace).toMatchObject({ workspace_id: id, desired: 2 });
  },
);

test("what desired may not be is refused, and names the field", async () => {
  for (const desired of [-1, 21, 1.5, "4", undefined])
    expect(await setDesired(one.url, "refused", desired)).toMatchObject({ status: 400 });
  const extra = await ask(one.url, `${workspacePath("refused")}/desired`, {
    method: "PUT",
    body: { desired: 1, x: 1 },
  });
  expect(extra).toMatchObject({ status: 400, body: { statusCode: 400 } });
});

test("of two that have seen the same version one writes, and the other hears what it is now", async () => {
  const { etag } = await ask(one.url, workspacePath("raced"));
  const answers = await Promise.all(
    [5, 6].map((desired, index) =>
      setDesired([one, two][index]?.url ?? "", "raced", desired, { "if-match": etag ?? "" }),
    ),
  );
  const [won, lost] = answers.toSorted((a, b) => a.status - b.status);
  expect(won?.status).toBe(200);
  expect(lost?.status).toBe(412);
  expect(lost?.body.workspace).toEqual(won?.body.workspace);
  expect(lost?.etag).toBe(won?.etag);
  expect(lost?.body).toMatchObject({ statusCode: 412, message: expect.stringContaining("If-Match") });
});

test("events of a project reach the sockets that asked for it, at every process, and the worktree is kept", async () => {
  using it = editor(two.url, undefined);
  it.socket.emit("subscribeProjects", { projectNumbers: [4, 7] });
  await it.until("subscribedProjects");
  const data = { projectNumber: 7, title: "x".repeat(20_000) };
  const posted = await ask(one.url, "/api/events/project", { method: "POST", body: { type: "issue.created", data } });
  expect(posted).toMatchObject({ status: 202, body: { accepted: true, type: "issue.created", projectNumber: 7 } });
  expect(await it.until("project.event")).toEqual({ type: "issue.created", data, timestamp: posted.body.timestamp });

  const lost = await ask(one.url, "/api/events/project", { method: "POST", body: { type: "issue.closed", data: {} } });
  expect(lost).toMatchObject({ status: 202, body: { accepted: false } });
  const odd = await ask(one.url, "/api/events/project", { method: "POST", body: { type: "issue.eaten", data } });
  expect(odd.status).toBe(400);

  const body = { hasWorktree: true, branch: "fix", hasPR: false, prNumber: null, workspaceId: "/home/a" };
  expect(await ask(one.url, "/api/events/worktree/4", { method: "PUT", body })).toMatchObject({ status: 200 });
  const told = await it.until("project.event", ({ type }) => type === "worktree.updated");
  expect(told.data).toMatchObject({ projectNumber: 4, worktree: { branch: "fix" } });
  const kept = await ask(two.url, "/api/events/worktree/4");
  expect(kept.body.worktree).toMatchObject({ branch: "fix", updatedByWorkspace: "/home/a" });
  expect((await ask(two.url, "/api/events/worktree/5")).body).toEqual({ projectNumber: 5, worktree: null });
  expect((await ask(two.url, "/api/events/worktree/x")).status).toBe(400);
});
