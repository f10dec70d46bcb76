import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findClaude } from "../../src/claude/claude-command.ts";
import { claudeSettings } from "../../src/claude/claude-settings.ts";
import { SessionPage } from "../../src/contract/session.ts";
import { testApp, type TestApp } from "../support/app.ts";

const run = promisify(execFile);

let app: TestApp;
beforeAll(async () => {
  app = await testApp();
});
afterAll(() => app[Symbol.asyncDispose]());

test("a session that a person began in their own terminal is heard, and can be continued from here", async () => {
  const project = join(app.folder, "by-hand");
  await mkdir(project);
  const { argv } = await findClaude({ path: undefined });
  const [command = "", ...rest] = argv;
  const settings = JSON.stringify(claudeSettings({ hookUrl: `${app.url}/api/hooks` }));
  const prompt = `MOCK${JSON.stringify([{ bash: "pwd" }, { text: "by hand" }])}`;
  const { DATABASE_URL: _, ...environment } = app.environment;
  const started = run(command, [...rest, "--print", "--settings", settings, "--setting-sources", "user", prompt], {
    cwd: project,
    env: environment,
  });
  started.child.stdin?.end();
  await started;

  const page = await app.request(SessionPage, "/api/sessions");
  const [heard] = page.items;
  expect(page.items).toHaveLength(1);
  expect(heard).toMatchObject({ observed: true, status: "completed", projectPath: project });
  const sessionId = heard?.sessionId ?? "";
  expect((await app.messages(sessionId)).map(({ direction }) => direction)).toEqual(["inbound", "outbound"]);

  await app.say(sessionId, { content: `MOCK${JSON.stringify([{ text: "from here" }])}` });
  const done = await app.until(sessionId, ["completed", "failed"]);
  expect(done).toMatchObject({ status: "completed", claudeSessionId: heard?.claudeSessionId });
  expect((await app.messages(sessionId)).at(-1)?.content).toBe("from here");
  expect(app.model.requests.at(-1)?.messages, "with what was said by hand").toBeGreaterThan(2);
});
