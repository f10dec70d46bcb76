import { isIP } from "node:net";
import { z } from "zod";
import { AppError } from "./lib/errors.ts";

/** An empty variable counts as unset. */
const Text = z
  .string()
  .optional()
  .transform((text) => (text === "" ? undefined : text));

const names = (text: string | undefined): string[] =>
  (text ?? "")
    .split(",")
    .map((item) => item.trim().toLowerCase())
    .filter((item) => item !== "");

/** What GitHub takes for a login or an organisation. */
const NAME = /^[a-z\d](?:[a-z\d-]{0,98}[a-z\d])?$/;
const TEAM = /^[a-z\d-]+\/[a-z\d._-]+$/;

const Names = z
  .string()
  .optional()
  .transform(names)
  .pipe(z.array(z.string().regex(NAME, "must be names of GitHub, comma separated")).max(500));
const Teams = z
  .string()
  .optional()
  .transform(names)
  .pipe(z.array(z.string().regex(TEAM, "must be org/team, comma separated")).max(500));

/** On unless it is switched off. */
const FlagOn = z
  .enum(["0", "1", "false", "true", ""])
  .optional()
  .transform((text) => text !== "0" && text !== "false");

/** What the hub reads from the environment. */
export const hubEnvironment = {
  HUB_HOST: z.string().min(1).default("127.0.0.1"),
  HUB_PORT: z.coerce.number().int().min(0).max(65_535).default(3100),
  HUB_URL: Text.pipe(z.url({ protocol: /^https?$/ }).optional()),
  HUB_INTERNAL_URL: Text.pipe(z.url({ protocol: /^https?$/ }).optional()),
  HUB_SECRET: Text.pipe(z.string().min(32, "must be at least 32 characters long").optional()),
  HUB_PATH_PROXY: FlagOn,
  GITHUB_CLIENT_ID: Text,
  GITHUB_CLIENT_SECRET: Text,
  ALLOWED_USERS: Names,
  ALLOWED_ORGS: Names,
  ALLOWED_TEAMS: Teams,
};

const Environment = z.object(hubEnvironment);
type Values = z.infer<typeof Environment> & { GITHUB_URL: string; ORCHESTRATOR_MODE: string };

const LOOPBACK = new Set(["127.0.0.1", "::1", "localhost"]);

export type HubConfig = ReturnType<typeof hubConfig>;

export function hubConfig(e: Values) {
  return {
    /** `serve` is the hub. */
    isServed: e.ORCHESTRATOR_MODE === "hub",
    host: e.HUB_HOST,
    port: e.HUB_PORT,
    loopback: LOOPBACK.has(e.HUB_HOST),
    /** Where people and machines reach the hub; machines are at <machine>.<its host>. */
    url: e.HUB_URL?.replace(/\/+$/, ""),
    /** Where other hub processes on the same database reach this one. */
    internalUrl: e.HUB_INTERNAL_URL?.replace(/\/+$/, ""),
    secret: e.HUB_SECRET,
    pathProxy: e.HUB_PATH_PROXY,
    github: githubOf(e),
    allowed: { users: e.ALLOWED_USERS, orgs: e.ALLOWED_ORGS, teams: e.ALLOWED_TEAMS },
  };
}

function githubOf(e: Values) {
  if (e.GITHUB_CLIENT_ID === undefined || e.GITHUB_CLIENT_SECRET === undefined) return undefined;
  const url = e.GITHUB_URL.replace(/\/+$/, "");
  return {
    clientId: e.GITHUB_CLIENT_ID,
    clientSecret: e.GITHUB_CLIENT_SECRET,
    url,
    apiUrl: url === "https://github.com" ? "https://api.github.com" : `${url}/api/v3`,
  };
}

/** A hub that cannot say who may use it does not start. */
export function checkHubConfig({ github, allowed, loopback, url, host }: HubConfig): void {
  const rules = allowed.users.length + allowed.orgs.length + allowed.teams.length;
  if (github && rules === 0)
    throw new AppError("invalid", "Say who may sign in to the hub: set ALLOWED_USERS, ALLOWED_ORGS or ALLOWED_TEAMS");
  if (!github && !loopback)
    throw new AppError(
      "invalid",
      `HUB_HOST=${host} is reachable from other machines: set GITHUB_CLIENT_ID and GITHUB_CLIENT_SECRET, or listen on 127.0.0.1`,
    );
  if (!loopback && url === undefined)
    throw new AppError("invalid", "Set HUB_URL to the address people and machines reach the hub by");
  if (url !== undefined) checkUrl(new URL(url), github !== undefined);
}

function checkUrl({ pathname, hostname }: URL, signsIn: boolean): void {
  if (pathname !== "/")
    throw new AppError("invalid", "HUB_URL must not have a path: each machine is at a name of its own below its host");
  if (isIP(hostname.replaceAll(/^\[|\]$/g, "")) !== 0)
    throw new AppError("invalid", "HUB_URL must hold a name, not an address: machines are at names below it");
  if (!signsIn && hostname !== "localhost")
    throw new AppError("invalid", `HUB_URL=${hostname} is not only this computer: set GITHUB_CLIENT_ID and its secret`);
}
