import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findClaude } from "../../src/claude/claude-command.ts";
import { installHooks } from "../../src/cli/hooks-install.ts";
import { SessionPage } from "../../src/contract/session.ts";
import { testApp, type TestApp } from "../support/app.ts";

// Three lives of the real CLI: two that a person starts, one of ours.
let app: TestApp;
beforeAll(async () => {
  app = await testApp();
});
afterAll(() => app[Symbol.asyncDispose]());

const script = (...steps: object[]): string => `Please do this.\nMOCK${JSON.stringify(steps)}`;

/** What a person does: `claude --print` in a folder, with their own settings. */
async function claudeByHand(
  cwd: string,
  prompt: string,
  ...more: string[]
): Promise<{ session_id: string; result: string }> {
  const { argv } = await findClaude({ path: "/nowhere" });
  const [program = "", ...first] = argv;
  const env = { ...app.environment, ANTHROPIC_BASE_URL: app.model.url, TMPDIR: app.folder };
  const running = promisify(execFile)(program, [...first, "--print", "--output-format=json", ...more], {
    cwd,
    env,
    timeout: 60_000,
  });
  running.child.stdin?.end(prompt);
  return JSON.parse((await running).stdout) as { session_id: string; result: string };
}

test("claude run by hand in a session's workspace is adopted, then continued by a run of ours, and nothing is told twice", async () => {
  const projectPath = join(app.folder, "project");
  await mkdir(projectPath);
  const target = {
    url: `${app.url}/api/hooks`,
    where: "global" as const,
    configDir: join(app.environment["HOME"] ?? "", ".claude"),
  };
  await installHooks(
    { ...target, remove: false, yes: true },
    { isInteractive: false, write: () => {}, confirm: () => Promise.resolve(false) },
  );
  const { sessionId } = await app.start({ projectType: "local", projectPath });

  const byHand = await claudeByHand(projectPath, script({ bash: "echo by-hand" }, { text: "done by hand" }));
  expect(byHand.result).toBe("done by hand");
  const adopted = await app.until(sessionId, ["completed"]);
  expect(adopted).toMatchObject({ claudeSessionId: byHand.session_id, observed: false });
  expect(await app.logs(sessionId)).toMatchObject([
    { tool: "Bash", status: "succeeded", result: "by-hand", runId: null },
  ]);
  expect((await app.messages(sessionId)).map(({ direction, source }) => [direction, source])).toEqual([
    ["inbound", "cli"],
    ["outbound", "claude"],
  ]);

  await app.say(sessionId, { content: script({ bash: "echo by-run" }, { text: "done by run" }) });
  await expect.poll(async () => (await app.runs(sessionId))[0]?.status, { timeout: 30_000 }).toBe("succeeded");
  expect(await app.until(sessionId, ["completed"])).toMatchObject({ claudeSessionId: byHand.session_id });
  expect((await app.logs(sessionId)).map(({ result }) => result)).toEqual(["by-hand", "by-run"]);
  expect((await app.messages(sessionId)).map(({ content }) => content.slice(0, 12))).toEqual([
    "Please do th",
    "done by hand",
    "Please do th",
    "done by run",
  ]);
  const { items } = await app.request(SessionPage, "/api/sessions");
  expect(items).toHaveLength(1);
});

test("claude run by hand in a folder nobody knows becomes an observed session, its refused calls included", async () => {
  const folder = join(app.folder, "elsewhere");
  await mkdir(folder);
  const { session_id } = await claudeByHand(folder, script({ bash: "touch forbidden" }, { text: "was not allowed" }));
  const { items } = await app.request(SessionPage, "/api/sessions");
  const observed = items.find(({ claudeSessionId }) => claudeSessionId === session_id);
  expect(observed).toMatchObject({
    observed: true,
    status: "completed",
    title: "Please do this.",
    source: "cli",
    projectPath: folder,
  });
  expect(await app.logs(observed?.sessionId ?? "")).toMatchObject([{ tool: "Bash", status: "denied" }]);
});
