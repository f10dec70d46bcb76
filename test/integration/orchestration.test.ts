import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestDatabase, testDatabase } from "../support/database.ts";
import {
  ask,
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

test("polling alone works too", async () => {
  using it = editor(one.url, "polled", { transports: ["polling"] });
  expect(await it.until("subscribed")).toEqual({ workspaceId: "polled", known: false });
});

test("a question without its id, or with another kind of thing, is answered in words", async () => {
  using it = editor(one.url, undefined);
  const odd = { length: { toString: null, valueOf: null } };
  for (const payload of [undefined, null, {}, { workspaceId: 5 }, "x", { workspaceId: odd }])
    it.socket.emit("subscribe", payload);
  it.socket.emit("subscribeProjects", { projectNumbers: [] });
  it.socket.emit("subscribeProjects", { projectNumbers: ["4"] });
  await it.until("error", () => true, 7);
  expect(it.of("error").map(({ message }) => message as string)).toEqual([
    ...Array.from({ length: 6 }, () => "workspaceId is required"),
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
