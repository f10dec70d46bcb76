import { availableParallelism, homedir, totalmem } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { z } from "zod";
import { clientEnvironment } from "./config-client.ts";
import { emailConfig, emailEnvironment } from "./config-email.ts";
import { hubConfig, hubEnvironment } from "./config-hub.ts";
import { orchestratorConfig, orchestratorEnvironment } from "./config-orchestrator.ts";
import { slackConfig, slackEnvironment } from "./config-slack.ts";
import { smtpEnvironment } from "./config-smtp.ts";
import { AppError } from "./lib/errors.ts";

/** Where this installation lives: sql/, dashboard/dist and the default data directory are beside src/. */
export const PROJECT_DIR = resolve(import.meta.dirname, "..");

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;
const LOOPBACK = new Set(["127.0.0.1", "::1", "localhost"]);

const list = (text: string | undefined): string[] =>
  (text ?? "")
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");

const List = z.string().optional().transform(list);
const Flag = z
  .enum(["0", "1", "false", "true", ""])
  .optional()
  .transform((text) => text === "1" || text === "true");
const AbsolutePath = z.string().refine(isAbsolute, "must be an absolute path");
/** An empty variable counts as unset: compose files and systemd units write them that way. */
const Text = z
  .string()
  .optional()
  .transform((text) => (text === "" ? undefined : text));

/** A lifetime; 0 keeps for ever. */
const Days = z.coerce.number().int().min(0).max(36_500);

/** The beginning of URLs that something may be sent to. */
const UrlPrefix = z
  .url({ protocol: /^https?$/, error: "must be an http or https URL" })
  .refine((text) => !/[?#@]/.test(text), "must not hold a user name, a query or a fragment");

/** Every variable we read, with its default. `.env.example` and README name the same ones (a test compares). */
const Environment = z.object({
  DATABASE_URL: Text.pipe(z.url({ protocol: /^postgres(?:ql)?$/, error: "must be a postgresql:// URL" }).optional()),
  DATA_DIR: z.string().default("data"),
  API_HOST: z.string().min(1).default("127.0.0.1"),
  API_PORT: z.coerce.number().int().min(0).max(65_535).default(3001),
  API_KEY: List.pipe(z.array(z.string().min(16, "must be at least 16 characters long"))),
  PUBLIC_URL: Text.pipe(z.url({ protocol: /^https?$/ }).optional()),
  ALLOWED_HOSTS: List,
  RATE_LIMIT_PER_MINUTE: z.coerce.number().int().min(1).max(1_000_000).default(600),
  OUTBOUND_URLS: List.pipe(z.array(UrlPrefix)),
  N8N_WEBHOOK_BASE: Text.pipe(UrlPrefix.optional()),
  CALLBACK_SECRET: Text.pipe(z.string().min(16, "must be at least 16 characters long").optional()),
  WORKSPACE_BASE: AbsolutePath.default("/tmp/claude-workspaces"),
  PROJECT_ROOTS: List.pipe(z.array(AbsolutePath)),
  GITHUB_URL: z.url().default("https://github.com"),
  GITHUB_TOKEN: Text,
  CLAUDE_COMMAND: Text,
  CLAUDE_ALLOWED_TOOLS: List,
  CLAUDE_ENV_PASS: List,
  ALLOW_BYPASS: Flag,
  MAX_CONCURRENT_RUNS: z.coerce.number().int().min(1).max(1000).optional(),
  RUN_MAX_ATTEMPTS: z.coerce.number().int().min(1).max(20).default(5),
  RUN_RETRY_PACE: z.coerce.number().min(0).max(10).default(1),
  RUN_TIMEOUT_SECONDS: z.coerce.number().int().min(1).max(82_800).default(14_400),
  RUN_MEMORY_MB: z.coerce.number().int().min(0).max(1_000_000).default(1024),
  DISK_MIN_FREE_MB: z.coerce.number().int().min(0).max(100_000_000).default(1024),
  ORCHESTRATION_MAX_DESIRED: z.coerce.number().int().min(1).max(1000).default(20),
  BUDGET_DAY_USD: z.coerce.number().positive().optional(),
  BUDGET_MONTH_USD: z.coerce.number().positive().optional(),
  RETENTION_HOUR: z.coerce.number().int().min(0).max(23).default(3),
  RETENTION_EVENTS_DAYS: Days.default(90),
  RETENTION_LOG_RESULTS_DAYS: Days.default(90),
  RETENTION_TRANSCRIPTS_DAYS: Days.default(365),
  RETENTION_INBOX_DAYS: Days.default(7),
  RETENTION_DELIVERIES_DAYS: Days.default(30),
  RETENTION_WORKSPACES_DAYS: Days.default(30),
  RETENTION_SNAPSHOTS_DAYS: Days.default(30),
  RETENTION_RUN_FILES_DAYS: Days.default(1),
  ...smtpEnvironment,
  ...emailEnvironment,
  ...slackEnvironment,
  ...orchestratorEnvironment,
  ...hubEnvironment,
  LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).default("info"),
});

/** The names of all variables, for the documents' test. */
export const ENVIRONMENT_NAMES: readonly string[] = Object.keys({ ...Environment.shape, ...clientEnvironment });

/** One run may take 1 GiB; a container's limit counts as the machine's memory. */
function defaultRuns(): number {
  const constrained = process.constrainedMemory();
  const memory = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
  return Math.max(1, Math.min(Math.floor(memory / GIB), availableParallelism() * 16));
}

export type Config = ReturnType<typeof readConfig>;

/** Loads `.env` of the working directory; what the real environment says wins. */
export function loadDotEnv(): void {
  try {
    process.loadEnvFile();
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
  }
}

function parseEnvironment(env: NodeJS.ProcessEnv): Values {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
  const parsed = Environment.safeParse(given);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.map((issue) => ({ field: String(issue.path[0]), message: issue.message }));
  throw new AppError("invalid", `Configuration: ${errors.map((e) => `${e.field}: ${e.message}`).join("; ")}`, {
    errors,
  });
}

type Values = z.infer<typeof Environment>;

/** What all runs share; a run that would pass one of these waits. */
const limitsOf = (e: Values) => ({
  budgets: { dayUsd: e.BUDGET_DAY_USD, monthUsd: e.BUDGET_MONTH_USD },
  room: { memoryBytes: e.RUN_MEMORY_MB * MIB, diskBytes: e.DISK_MIN_FREE_MB * MIB },
});

const lifetimesOf = (e: Values) => ({
  hour: e.RETENTION_HOUR,
  days: {
    events: e.RETENTION_EVENTS_DAYS,
    logResults: e.RETENTION_LOG_RESULTS_DAYS,
    transcripts: e.RETENTION_TRANSCRIPTS_DAYS,
    inbox: e.RETENTION_INBOX_DAYS,
    deliveries: e.RETENTION_DELIVERIES_DAYS,
    workspaces: e.RETENTION_WORKSPACES_DAYS,
    messageFiles: e.RETENTION_WORKSPACES_DAYS,
    snapshots: e.RETENTION_SNAPSHOTS_DAYS,
    snapshotRefs: e.RETENTION_SNAPSHOTS_DAYS,
    runFiles: e.RETENTION_RUN_FILES_DAYS,
  },
});

const doorsOf = (e: Values) => ({
  slack: slackConfig(e),
  email: emailConfig(e),
  /** This installation as a machine of a hub; undefined when it is none. */
  orchestrator: orchestratorConfig(e),
  hub: hubConfig(e),
  orchestration: { maxDesired: e.ORCHESTRATION_MAX_DESIRED },
});

/** The typed configuration, checked once; secrets stay in it and are never logged. What was given as an option wins. */
export function readConfig(given: NodeJS.ProcessEnv = process.env, options: NodeJS.ProcessEnv = {}) {
  const env = { ...given, ...options };
  const e = parseEnvironment(env);
  const dataDir = resolve(PROJECT_DIR, e.DATA_DIR);
  const loopback = LOOPBACK.has(e.API_HOST);
  if (!loopback && e.API_KEY.length === 0)
    throw new AppError(
      "invalid",
      `API_HOST=${e.API_HOST} is reachable from other machines: set API_KEY, or listen on 127.0.0.1`,
    );
  return {
    databaseUrl: e.DATABASE_URL,
    dataDir,
    sqlDir: resolve(PROJECT_DIR, "sql"),
    logLevel: e.LOG_LEVEL,
    http: {
      host: e.API_HOST,
      port: e.API_PORT,
      loopback,
      publicUrl: e.PUBLIC_URL,
      allowedHosts: e.ALLOWED_HOSTS,
      apiKeys: e.API_KEY,
      rateLimitPerMinute: e.RATE_LIMIT_PER_MINUTE,
      dashboardDir: resolve(PROJECT_DIR, "dashboard/dist"),
    },
    outbound: {
      /** Where callbacks may go; with neither of these, to this machine only. */
      prefixes: e.OUTBOUND_URLS,
      n8nBase: e.N8N_WEBHOOK_BASE,
      callbackSecret: e.CALLBACK_SECRET,
    },
    workspaces: {
      base: e.WORKSPACE_BASE,
      projectRoots: e.PROJECT_ROOTS,
      dataDir,
      githubBaseUrl: e.GITHUB_URL,
      githubToken: e.GITHUB_TOKEN,
      loopback,
      /** What git's environment is chosen from, by the allow-list of git-environment. */
      environment: env,
    },
    claude: {
      command: e.CLAUDE_COMMAND,
      allowedTools: e.CLAUDE_ALLOWED_TOOLS,
      envPass: e.CLAUDE_ENV_PASS,
      allowBypass: e.ALLOW_BYPASS,
      /** Where Claude Code keeps the settings and login of the account we run under. */
      accountDir: env["CLAUDE_CONFIG_DIR"] ?? join(env["HOME"] ?? homedir(), ".claude"),
      /** What a run's environment is chosen from, by the allow-list of claude-settings. */
      environment: env,
    },
    runs: {
      dir: resolve(dataDir, "runs"),
      claudeDir: resolve(dataDir, "claude"),
      maxConcurrent: e.MAX_CONCURRENT_RUNS ?? defaultRuns(),
      timeoutSeconds: e.RUN_TIMEOUT_SECONDS,
      retry: { maxAttempts: e.RUN_MAX_ATTEMPTS, pace: e.RUN_RETRY_PACE },
      ...limitsOf(e),
      /** Where there must be room: what runs write lies in these two. */
      roomIn: [e.WORKSPACE_BASE, dataDir],
    },
    retention: lifetimesOf(e),
    ...doorsOf(e),
  } as const;
}
