import { hostname } from "node:os";
import { z } from "zod";
import { AppError } from "./lib/errors.ts";

/** An empty variable counts as unset. */
const Text = z
  .string()
  .trim()
  .optional()
  .transform((text) => (text === "" ? undefined : text));

const List = z
  .string()
  .optional()
  .transform((text) =>
    (text ?? "")
      .toLowerCase()
      .split(",")
      .map((item) => item.trim())
      .filter((item) => item !== ""),
  )
  .pipe(
    z
      .array(
        z
          .string()
          .max(200)
          .regex(/^[\w.-]+(?:\/[\w.-]+)?$/u, "must be names, with commas between"),
      )
      .max(200),
  );

const Flag = z
  .enum(["0", "1", "false", "true", ""])
  .optional()
  .transform((text) => text === "1" || text === "true");

/** What a machine of a hub reads from the environment. */
export const orchestratorEnvironment = {
  ORCHESTRATOR_MODE: z.enum(["standalone", "client", "hub"]).default("standalone"),
  ORCHESTRATOR_URL: Text.pipe(z.url({ protocol: /^wss?$/, error: "must be a ws:// or wss:// URL" }).optional()),
  ORCHESTRATOR_TOKEN: Text.pipe(z.string().max(500).optional()),
  ORCHESTRATOR_CLIENT_ID: Text.pipe(
    z
      .string()
      .regex(/^[\w.:@-]{1,100}$/u, "must be 1 to 100 letters, digits or one of _ . : @ -")
      .optional(),
  ),
  ORCHESTRATOR_RECONNECT_INTERVAL: z.coerce.number().int().min(100).max(600_000).default(5000),
  ORCHESTRATOR_HEARTBEAT_INTERVAL: z.coerce.number().int().min(1000).max(600_000).default(30_000),
  ORCHESTRATOR_CALLBACK_URL: Text.pipe(z.url({ protocol: /^https?$/ }).optional()),
  ORCHESTRATOR_GITHUB_USERS: List,
  ORCHESTRATOR_GITHUB_TEAM: List,
  ORCHESTRATOR_GITHUB_ORG: List,
  ORCHESTRATOR_CLAIM_USERS: List,
  ORCHESTRATOR_CLAIM_TEAM: List,
  ORCHESTRATOR_CLAIM_ORG: List,
  AUTH_DEBUG: Flag,
};

const Environment = z.object(orchestratorEnvironment);
type Values = z.infer<typeof Environment> & { GITHUB_URL: string };

/** Whom a hub may let in here; empty lists all mean everybody it vouches for. */
export interface GithubRules {
  users: readonly string[];
  teams: readonly string[];
  orgs: readonly string[];
}

export type OrchestratorConfig = ReturnType<typeof readClientConfig>;

function readClientConfig(e: Values, url: string) {
  const rules: GithubRules = { users: e.ORCHESTRATOR_GITHUB_USERS, teams: teamsOf(e), orgs: e.ORCHESTRATOR_GITHUB_ORG };
  const claim: GithubRules = {
    users: e.ORCHESTRATOR_CLAIM_USERS,
    teams: e.ORCHESTRATOR_CLAIM_TEAM,
    orgs: e.ORCHESTRATOR_CLAIM_ORG,
  };
  const githubUrl = e.GITHUB_URL.replace(/\/+$/u, "");
  return {
    url,
    token: e.ORCHESTRATOR_TOKEN,
    clientId: e.ORCHESTRATOR_CLIENT_ID ?? `${hostname()}-${process.pid}`,
    /** Before the first try to connect again; it doubles up to a minute. */
    reconnectMs: e.ORCHESTRATOR_RECONNECT_INTERVAL,
    heartbeatMs: e.ORCHESTRATOR_HEARTBEAT_INTERVAL,
    callbackUrl: e.ORCHESTRATOR_CALLBACK_URL,
    rules,
    /** Who may claim this machine while it has no token. */
    claim: isEmpty(claim) ? rules : claim,
    githubApiUrl: githubUrl === "https://github.com" ? "https://api.github.com" : `${githubUrl}/api/v3`,
    /** Logs why somebody was let in or not, without secrets. */
    authDebug: e.AUTH_DEBUG,
  };
}

/** What the machine's end of the hub is made of; undefined when it has none. */
export function orchestratorConfig(e: Values): OrchestratorConfig | undefined {
  if (e.ORCHESTRATOR_MODE !== "client") return undefined;
  if (e.ORCHESTRATOR_URL === undefined)
    throw new AppError(
      "invalid",
      "ORCHESTRATOR_MODE=client needs ORCHESTRATOR_URL, such as wss://hub.example.com/ws/connect",
    );
  const config = readClientConfig(e, e.ORCHESTRATOR_URL);
  if (config.token === undefined && isEmpty(config.claim))
    throw new AppError(
      "invalid",
      "Set ORCHESTRATOR_TOKEN, or say who may claim this machine: ORCHESTRATOR_CLAIM_USERS, _TEAM or _ORG",
    );
  return config;
}

export const isEmpty = ({ users, teams, orgs }: GithubRules): boolean =>
  users.length + teams.length + orgs.length === 0;

/** `org/team-slug`; a slug alone is a team of the one organisation that is named. */
function teamsOf({ ORCHESTRATOR_GITHUB_TEAM: teams, ORCHESTRATOR_GITHUB_ORG: [org] }: Values): string[] {
  return teams.map((team) => {
    if (team.includes("/")) return team;
    if (org === undefined) throw new AppError("invalid", "ORCHESTRATOR_GITHUB_TEAM must be org/team-slug");
    return `${org}/${team}`;
  });
}
