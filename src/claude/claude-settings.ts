import { delimiter, isAbsolute } from "node:path";
import type { JsonSchema } from "../contract/json-schema.ts";
import type { ClaudeOptions } from "../contract/session.ts";
import { AppError, invalidField } from "../lib/errors.ts";
import { withoutDialect } from "../lib/json-schema.ts";
import { compareVersions, PINNED_VERSION } from "./claude-version.ts";

/** The variable that carries a run's hook token to Claude; the settings name it, so the token is in no file. */
export const HOOK_TOKEN_VARIABLE = "ORCH_HOOK_TOKEN";

export interface ClaudeArguments {
  /** Our choice of id for a new conversation, or the id of the one to continue. */
  conversation: { sessionId: string } | { resume: string };
  options: ClaudeOptions;
  /** What the operator allows in every session. */
  defaults: { allowedTools: readonly string[]; allowBypass: boolean };
  settingsFile: string;
  /** A file that holds `options.appendSystemPrompt`: an argument may not be longer than 128 KiB, and `ps` shows it. */
  systemPromptFile?: string | undefined;
  /** The form the answer is wanted in. */
  jsonSchema?: JsonSchema | undefined;
  version: string;
}

/**
 * The arguments after the command. Every value is joined to its flag by `=`, so that none can be taken for a flag and no
 * flag of several values can swallow what follows. What the repository brings (settings, hooks, MCP servers) is not read.
 */
export function claudeArguments({
  conversation,
  options,
  defaults,
  settingsFile,
  systemPromptFile,
  jsonSchema,
  version,
}: ClaudeArguments): string[] {
  const mode = options.permissionMode ?? "acceptEdits";
  if (mode === "bypassPermissions" && !defaults.allowBypass) {
    throw new AppError(
      "forbidden",
      "permissionMode bypassPermissions is not allowed here; the operator may set ALLOW_BYPASS=1",
    );
  }
  const allowed = new Set([...defaults.allowedTools, ...(options.allowedTools ?? [])]);
  return [
    "--print",
    "--input-format=stream-json",
    "--output-format=stream-json",
    "--verbose",
    "--include-partial-messages",
    "sessionId" in conversation ? flag("session-id", conversation.sessionId) : flag("resume", conversation.resume),
    "--setting-sources=user",
    "--strict-mcp-config",
    flag("settings", settingsFile),
    flag("permission-mode", mode),
    ...[...allowed].map((rule) => flag("allowedTools", rule)),
    ...(options.disallowedTools ?? []).map((rule) => flag("disallowedTools", rule)),
    ...optional("max-turns", options.maxTurns),
    ...optional("max-budget-usd", options.maxBudgetUsd),
    ...optional("model", options.model),
    ...optional("json-schema", jsonSchema && JSON.stringify(withoutDialect(jsonSchema))),
    ...optional("append-system-prompt-file", systemPromptFile),
    // Without this a changed system prompt would be ignored when the conversation goes on.
    ...(systemPromptFile !== undefined && compareVersions(version, SNAPSHOT_SINCE) >= 0
      ? ["--system-prompt-snapshot=off"]
      : []),
  ];
}

/** The first version that is known to have `--system-prompt-snapshot`; older ones render the prompt anew each time. */
const SNAPSHOT_SINCE = PINNED_VERSION;

function flag(name: string, value: string | number): string {
  const text = String(value);
  if (text === "" || text.startsWith("-") || text.includes("\0"))
    throw invalidField(name, "must not be empty or begin with a dash");
  return `--${name}=${text}`;
}

const optional = (name: string, value: string | number | undefined): string[] =>
  value === undefined ? [] : [flag(name, value)];

/** The settings of one run: every useful event is posted to us. Hooks are waited for, so there are none we can do without. */
export function claudeSettings({ hookUrl }: { hookUrl: string }): object {
  const hook = {
    type: "http",
    url: hookUrl,
    timeout: 5,
    headers: { Authorization: `Bearer $${HOOK_TOKEN_VARIABLE}` },
    allowedEnvVars: [HOOK_TOKEN_VARIABLE],
  };
  const everyTool = [{ matcher: "*", hooks: [hook] }];
  const always = [{ hooks: [hook] }];
  return {
    // A session may be continued long after: Claude would delete its conversation after 30 days.
    cleanupPeriodDays: 365,
    hooks: {
      PostToolUse: everyTool,
      PostToolUseFailure: everyTool,
      ...Object.fromEntries(PLAIN_EVENTS.map((event) => [event, always])),
    },
  };
}

const PLAIN_EVENTS = [
  "UserPromptSubmit",
  "Notification",
  "SubagentStart",
  "SubagentStop",
  "PreCompact",
  "Stop",
  "StopFailure",
  "SessionEnd",
];

export interface ClaudeEnvironment {
  /** More names to pass on, from CLAUDE_ENV_PASS; a name may end in `*`. */
  pass: readonly string[];
  hookToken: string;
  /** A folder of this run: Claude keeps sockets and scratch files there. */
  tmpDir: string;
  home: string;
  configDir?: string | undefined;
}

/** What Claude may see of our environment: its own settings, the network's, the language. Nothing of ours. */
export function claudeEnvironment(
  source: Readonly<Record<string, string | undefined>>,
  { pass, hookToken, tmpDir, home, configDir }: ClaudeEnvironment,
): Record<string, string> {
  const allowed = nameTest([...PASSED, ...pass]);
  const refused = nameTest(NEVER_PASSED);
  const passed = Object.entries(source).flatMap(([name, value]) =>
    value !== undefined && allowed(name) && !refused(name) ? [[name, value] as const] : [],
  );
  return {
    ...Object.fromEntries(passed),
    HOME: home,
    PATH: cleanPath(source["PATH"]),
    TMPDIR: tmpDir,
    ...(configDir !== undefined && { CLAUDE_CONFIG_DIR: configDir }),
    [HOOK_TOKEN_VARIABLE]: hookToken,
    DISABLE_AUTOUPDATER: "1",
    // A shell command in the background would keep a run open without end, and give it several results.
    CLAUDE_CODE_DISABLE_BACKGROUND_TASKS: "1",
    CLAUDE_CODE_SESSIONEND_HOOKS_TIMEOUT_MS: "5000",
  };
}

const words = (text: string): string[] => text.trim().split(/\s+/);

const PASSED: readonly string[] = words(`
  USER LOGNAME SHELL TZ LANG LANGUAGE LC_*
  ANTHROPIC_* CLAUDE_CODE_USE_* CLAUDE_CODE_OAUTH_TOKEN CLAUDE_CODE_MAX_* CLAUDE_CODE_DISABLE_* DISABLE_* API_TIMEOUT_MS
  AWS_* GOOGLE_APPLICATION_CREDENTIALS CLOUD_ML_*
  HTTP_PROXY HTTPS_PROXY NO_PROXY ALL_PROXY http_proxy https_proxy no_proxy all_proxy
  NODE_EXTRA_CA_CERTS SSL_CERT_FILE SSL_CERT_DIR CURL_CA_BUNDLE REQUESTS_CA_BUNDLE GIT_SSL_CAINFO
`);

/** A Claude that starts us must not be taken for the parent of ours, and npm's variables change what npm does inside. */
const NEVER_PASSED: readonly string[] = words(`
  CLAUDECODE CLAUDE_CODE_SESSION_ID CLAUDE_CODE_ENTRYPOINT CLAUDE_CODE_CHILD_SESSION CLAUDE_CODE_MESSAGING_*
  npm_* ORCH_*
`);

function nameTest(patterns: readonly string[]): (name: string) => boolean {
  const exact = new Set(patterns);
  const starts = patterns.filter((pattern) => pattern.endsWith("*")).map((pattern) => pattern.slice(0, -1));
  return (name) => exact.has(name) || starts.some((start) => name.startsWith(start));
}

/** Our own tools (`node_modules/.bin`) would shadow those of the machine and of the project Claude works on. */
function cleanPath(path: string | undefined): string {
  const given = (path ?? "").split(delimiter).filter((folder) => isAbsolute(folder) && !isNodeTools(folder));
  return [...new Set([...given, "/usr/local/bin", "/usr/bin", "/bin"])].join(delimiter);
}

const isNodeTools = (folder: string): boolean => /(?:^|\/)(?:node_modules\/\.bin|node-gyp-bin)\/?$/.test(folder);
