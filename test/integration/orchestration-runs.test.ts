import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Session } from "../../src/contract/session.ts";
import { testApp, type TestApp } from "../support/app.ts";
import { git } from "../support/git.ts";
import { ask, editor, setDesired, workspacePath } from "../support/orchestration.ts";
import { script } from "../support/server-process.ts";

const WORKSPACE = "acme/fleet of one";
let app: TestApp;
let started = 0;

beforeAll(async () => {
  app = await testApp({ CLAUDE_ALLOWED_TOOLS: "Bash" });
});
afterAll(() => app?.[Symbol.asyncDispose]());

/** A session whose run goes on until the file is there. */
async function start(file: string, workspaceId = WORKSPACE): Promise<Session> {
  const projectPath = join(app.folder, `work-${(started += 1)}`);
  await mkdir(projectPath);
  const initialPrompt = script(
    { bash: `until [ -e ${join(app.folder, file)} ]; do sleep 0.1; done` },
    { text: "Done." },
  );
  return app.start({ projectType: "local", projectPath, initialPrompt, metadata: { workspaceId } });
}

const waitsFor = async ({ sessionId }: Session) =>
  ((await app.fetch(`/api/sessions/${sessionId}`).then((answer) => answer.json())) as Session).waitingFor;

test("one run at a time where one is desired; 0 drains, pausing holds back, and no limit lets all begin", async () => {
  await setDesired(app.url, WORKSPACE, 1);
  using it = editor(app.url, WORKSPACE);
  const first = await start("first");
  await app.until(first.sessionId, ["running"]);
  await it.until("orchestration.workspace", ({ running, desired }) => running === 1 && desired === 1);
  const second = await start("second");
  await expect
    .poll(() => waitsFor(second))
    .toMatchObject({
      kind: "desired",
      text: `As many run in ${WORKSPACE} as desired: 1`,
    });

  await setDesired(app.url, WORKSPACE, 0);
  const { body: global } = await ask(app.url, "/api/orchestration/global");
  expect(global).toMatchObject({ running: 1, queued: 1, reasons: [{ reason: "draining", count: -1 }] });
  await mkdir(join(app.folder, "first"));
  await app.until(first.sessionId, ["completed"]);
  await it.until("orchestration.workspace", ({ running, desired }) => running === 0 && desired === 0);
  await expect.poll(() => waitsFor(second)).toMatchObject({ text: `Nothing is desired in ${WORKSPACE}` });

  await ask(app.url, `${workspacePath(WORKSPACE)}/paused`, { method: "PUT", body: { paused: true } });
  await setDesired(app.url, WORKSPACE, 2);
  await expect.poll(() => waitsFor(second)).toMatchObject({ text: `${WORKSPACE} is paused by local` });
  await setDesired(app.url, WORKSPACE, null);
  const rows = (await ask(app.url, "/api/orchestration/workspaces")).body as { workspace_id: string }[];
  expect(rows.find(({ workspace_id: id }) => id === WORKSPACE)).toMatchObject({
    running: 0,
    desired: 0,
    limited: false,
    paused: true,
    queued: 1,
    reason: "paused",
  });

  await ask(app.url, `${workspacePath(WORKSPACE)}/paused`, { method: "PUT", body: { paused: false } });
  const third = await start("third");
  for (const { sessionId } of [second, third]) await app.until(sessionId, ["running"]);
  await it.until("orchestration.workspace", ({ running }) => running === 2);
  for (const file of ["second", "third"]) await mkdir(join(app.folder, file));
  for (const { sessionId } of [second, third]) await app.until(sessionId, ["completed"]);
  await it.until("orchestration.global", ({ running, seq }) => running === 0 && seq > 6);
});

test("a standing template keeps as many runs on as desired, replaces what ends, and nothing beyond; bad ones are refused", async () => {
  const id = "acme/standing";
  const projectPath = join(app.folder, "standing");
  await mkdir(projectPath);
  const until = `until [ -e ${join(app.folder, "enough")} ]; do sleep 0.1; done`;
  const session = { projectType: "worktree", projectPath, initialPrompt: script({ bash: until }, { text: "Done." }) };
  await git(projectPath, "init", "-b", "main");
  await git(projectPath, "commit", "--allow-empty", "-m", "Start");
  for (const [name, more] of [
    ["links", {}],
    ["mute", { initialPrompt: undefined }],
  ] as const)
    await app.fetch("/api/templates", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ name, session: { ...session, ...more } }),
    });
  const attach = (template: string | null) =>
    ask(app.url, `${workspacePath(id)}/template`, { method: "PUT", body: { template } });
  expect(await attach("mute")).toMatchObject({
    status: 400,
    body: { message: expect.stringContaining("initialPrompt") },
  });
  expect(await attach("unknown")).toMatchObject({ status: 404 });
  await setDesired(app.url, id, 2);
  using it = editor(app.url, id);
  expect(await attach("links")).toMatchObject({ status: 200 });
  await it.until("orchestration.workspace", ({ running }) => running === 2);
  await setDesired(app.url, id, 1);
  await mkdir(join(app.folder, "enough"));
  const sessions = async () => app.db.selectFrom("sessions").select("id").where("orchestrationId", "=", id).execute();
  await expect.poll(async () => (await sessions()).length, { timeout: 30_000 }).toBeGreaterThan(2);
  await attach(null);
  const counts = it.of("orchestration.workspace").map(({ running }) => running as number);
  expect(Math.max(...counts)).toBe(2);
  await it.until("orchestration.workspace", ({ running, version }) => running === 0 && version > 5);
});

test("everything is paused at once, also what nobody knew before, and goes on at a word; each is told once", async () => {
  const pauseAll = (paused: boolean) => ask(app.url, "/api/orchestration/paused", { method: "PUT", body: { paused } });
  using it = editor(app.url, undefined);
  const paused = await pauseAll(true);
  expect(paused).toMatchObject({ status: 200, body: { paused: true, pausedBy: "local" } });
  expect((await pauseAll(true)).body).toMatchObject({ paused: true, pausedAt: paused.body.pausedAt });

  const held = await start("held", "nobody/knew");
  await expect.poll(() => waitsFor(held)).toMatchObject({ kind: "desired", text: "Everything is paused by local" });
  await setDesired(app.url, "nobody/knew", 1);
  const rows = (await ask(app.url, "/api/orchestration/workspaces")).body as { workspace_id: string }[];
  expect(rows.find(({ workspace_id: id }) => id === "nobody/knew")).toMatchObject({
    paused: false,
    reason: "paused",
    text: "Everything is paused by local; nothing new starts",
  });

  const { body } = await pauseAll(false);
  expect(body).toMatchObject({ paused: false, pausedBy: null, pausedAt: null });
  await mkdir(join(app.folder, "held"));
  await app.until(held.sessionId, ["completed"]);
  const told = it.of("orchestration.global").map((global) => global.paused as boolean);
  const turns = told.filter((each, index) => each !== (told[index - 1] ?? false));
  expect(turns).toEqual([true, false]);
  const { items } = (await ask(app.url, "/api/orchestration/history?limit=200")).body as {
    items: { workspaceId: string | null; kind: string; actor: string }[];
  };
  const ofAll = items.filter(({ workspaceId }) => workspaceId === null).map(({ kind, actor }) => `${kind} by ${actor}`);
  expect(ofAll).toEqual(["resumed by local", "paused by local"]);
});
