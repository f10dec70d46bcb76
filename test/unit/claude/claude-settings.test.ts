import { expect, test } from "vitest";
import {
  claudeArguments,
  claudeEnvironment,
  claudeSettings,
  type ClaudeArguments,
} from "../../../src/claude/claude-settings.ts";
import { PINNED_VERSION } from "../../../src/claude/claude-version.ts";

const base: ClaudeArguments = {
  conversation: { sessionId: "5f0c2b1e-0000-4000-8000-000000000001" },
  options: {},
  defaults: { allowedTools: [], allowBypass: false },
  settingsFile: "/run/settings.json",
  version: PINNED_VERSION,
};
const environment = (source: Record<string, string | undefined>, pass: string[] = []) =>
  claudeEnvironment(source, { pass, hookToken: "hook-token", tmpDir: "/run/tmp", home: "/home/user" });

test("a plain run reads nothing of the repository and may edit files", () => {
  expect(claudeArguments(base)).toEqual([
    "--print",
    "--input-format=stream-json",
    "--output-format=stream-json",
    "--verbose",
    "--include-partial-messages",
    "--session-id=5f0c2b1e-0000-4000-8000-000000000001",
    "--setting-sources=user",
    "--strict-mcp-config",
    "--settings=/run/settings.json",
    "--permission-mode=acceptEdits",
  ]);
});

test("every option is one argument, so no value can become a flag or swallow the next", () => {
  const args = claudeArguments({
    ...base,
    conversation: { resume: "abc" },
    defaults: { allowedTools: ["Read", "Bash(git *)"], allowBypass: false },
    options: {
      allowedTools: ["Bash(git *)", "Write"],
      disallowedTools: ["WebFetch"],
      maxTurns: 5,
      maxBudgetUsd: 0.5,
      model: "haiku",
      permissionMode: "plan",
    },
  });
  expect(args.every((arg) => arg.startsWith("--"))).toBe(true);
  expect(args.slice(5)).toEqual([
    "--resume=abc",
    "--setting-sources=user",
    "--strict-mcp-config",
    "--settings=/run/settings.json",
    "--permission-mode=plan",
    "--allowedTools=Read",
    "--allowedTools=Bash(git *)",
    "--allowedTools=Write",
    "--disallowedTools=WebFetch",
    "--max-turns=5",
    "--max-budget-usd=0.5",
    "--model=haiku",
  ]);
});

test.each([
  ["model", { options: { model: "--dangerously-skip-permissions" } }],
  ["allowedTools", { options: { allowedTools: ["-x"] } }],
  ["resume", { conversation: { resume: "--help" } }],
  ["resume", { conversation: { resume: "" } }],
  ["model", { options: { model: "a\0b" } }],
])("a value of %s that could be taken for something else is refused", (name, part) => {
  expect(() => claudeArguments({ ...base, ...part })).toThrow(`${name} must not be empty or begin with a dash`);
});

test("bypassPermissions needs the operator's word", () => {
  const options = { permissionMode: "bypassPermissions" } as const;
  expect(() => claudeArguments({ ...base, options })).toThrow("ALLOW_BYPASS=1");
  const allowed = claudeArguments({ ...base, options, defaults: { allowedTools: [], allowBypass: true } });
  expect(allowed).toContain("--permission-mode=bypassPermissions");
});

test("a system prompt goes by file, and is read anew at each run where the version can", () => {
  const systemPromptFile = "/run/system-prompt.txt";
  const today = claudeArguments({ ...base, systemPromptFile });
  expect(today.slice(-2)).toEqual([
    "--append-system-prompt-file=/run/system-prompt.txt",
    "--system-prompt-snapshot=off",
  ]);
  expect(claudeArguments({ ...base, systemPromptFile, version: "2.1.197" }).at(-1)).toBe(
    "--append-system-prompt-file=/run/system-prompt.txt",
  );
  expect(claudeArguments(base).join(" ")).not.toContain("system-prompt");
});

test("Claude sees a named list of our environment and nothing else", () => {
  const passed = {
    ANTHROPIC_API_KEY: "sk-ant-1",
    ANTHROPIC_BASE_URL: "http://127.0.0.1:1",
    CLAUDE_CODE_USE_BEDROCK: "1",
    CLAUDE_CODE_OAUTH_TOKEN: "o",
    CLAUDE_CODE_MAX_RETRIES: "2",
    AWS_REGION: "eu-central-1",
    GOOGLE_APPLICATION_CREDENTIALS: "/g.json",
    CLOUD_ML_REGION: "x",
    https_proxy: "http://proxy:1",
    NO_PROXY: "localhost",
    NODE_EXTRA_CA_CERTS: "/ca.pem",
    LC_ALL: "C.UTF-8",
    LANG: "C",
    DISABLE_TELEMETRY: "1",
    USER: "me",
  };
  const kept = {
    DATABASE_URL: "postgresql://secret",
    API_KEY: "ours",
    GITHUB_TOKEN: "ghp_secret",
    NODE_OPTIONS: "--inspect",
    LD_PRELOAD: "/evil.so",
    npm_config_registry: "http://npm",
    CLAUDECODE: "1",
    CLAUDE_CODE_SESSION_ID: "parent",
    CLAUDE_CODE_ENTRYPOINT: "cli",
    CLAUDE_CODE_CHILD_SESSION: "1",
    CLAUDE_CODE_MESSAGING_TOKEN: "t",
    CLAUDE_CONFIG_DIR: "/elsewhere",
    ORCH_RUN: "parent-run",
    TMPDIR: "/shared",
    HOME: "/root",
    SECRET: undefined,
  };
  expect(environment({ ...passed, ...kept, PATH: "/usr/bin" })).toEqual({
    ...passed,
    HOME: "/home/user",
    PATH: "/usr/bin:/usr/local/bin:/bin",
    TMPDIR: "/run/tmp",
    ORCH_HOOK_TOKEN: "hook-token",
    DISABLE_AUTOUPDATER: "1",
    CLAUDE_CODE_DISABLE_BACKGROUND_TASKS: "1",
    CLAUDE_CODE_SESSIONEND_HOOKS_TIMEOUT_MS: "5000",
  });
});

test("the operator passes more by name or beginning, but never a parent Claude's identity", () => {
  const source = {
    GITHUB_TOKEN: "g",
    MY_A: "1",
    MY_B: "2",
    OTHER: "3",
    CLAUDE_CODE_SESSION_ID: "parent",
    npm_config_x: "x",
  };
  const passed = environment(source, ["GITHUB_TOKEN", "MY_*", "CLAUDE_CODE_SESSION_ID", "npm_*"]);
  expect(passed).toMatchObject({ GITHUB_TOKEN: "g", MY_A: "1", MY_B: "2" });
  expect(Object.keys(passed)).not.toEqual(expect.arrayContaining(["OTHER"]));
  expect(passed["CLAUDE_CODE_SESSION_ID"]).toBeUndefined();
  expect(passed["npm_config_x"]).toBeUndefined();
});

test("our own tools are not on Claude's PATH, nor are folders that depend on where it stands", () => {
  const path = [
    "/app/node_modules/.bin",
    "/home/me/bin",
    "relative",
    "",
    ".",
    "/x/node_modules/.bin/",
    "/n/node-gyp-bin",
    "/usr/bin",
    "/home/me/bin",
  ];
  expect(environment({ PATH: path.join(":") })["PATH"]).toBe("/home/me/bin:/usr/bin:/usr/local/bin:/bin");
  expect(environment({})["PATH"]).toBe("/usr/local/bin:/usr/bin:/bin");
});

test("a folder for Claude's settings is given only when there is one", () => {
  const given = { pass: [], hookToken: "t", tmpDir: "/t", home: "/h", configDir: "/c" };
  expect(claudeEnvironment({}, given)["CLAUDE_CONFIG_DIR"]).toBe("/c");
  expect("CLAUDE_CONFIG_DIR" in environment({})).toBe(false);
});

test("the hooks post to us with the run's token, which is not in the file", () => {
  const settings = claudeSettings({ hookUrl: "http://127.0.0.1:3001/api/hooks" }) as {
    hooks: Record<string, { hooks: object[] }[]>;
  };
  const hook = {
    type: "http",
    url: "http://127.0.0.1:3001/api/hooks",
    timeout: 5,
    headers: { Authorization: "Bearer $ORCH_HOOK_TOKEN" },
    allowedEnvVars: ["ORCH_HOOK_TOKEN"],
  };
  for (const groups of Object.values(settings.hooks)) expect(groups.flatMap((group) => group.hooks)).toEqual([hook]);
  expect(Object.keys(settings.hooks)).toContain("PostToolUseFailure");
  // HTTP hooks never fire for these, and one wrong PreToolUse entry would void the whole file.
  expect(Object.keys(settings.hooks)).not.toEqual(expect.arrayContaining(["SessionStart"]));
  expect(Object.keys(settings.hooks)).not.toEqual(expect.arrayContaining(["PreToolUse"]));
});
