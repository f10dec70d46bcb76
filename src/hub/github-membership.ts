import { z } from "zod";
import type { HubConfig } from "../config-hub.ts";
import { AppError } from "../lib/errors.ts";

const TIMEOUT_MS = 8_000;
const PER_PAGE = 100;
const MAX_PAGES = 10;

const User = z.object({ id: z.int().positive(), login: z.string().min(1).max(100) });
const Memberships = z.array(z.object({ state: z.string(), organization: z.object({ login: z.string() }) }));
const Teams = z.array(z.object({ slug: z.string(), organization: z.object({ login: z.string() }) }));

export interface Membership {
  githubId: number;
  login: string;
  /** Lower case; teams as org/slug. */
  orgs: string[];
  teams: string[];
}
export type GitHub = NonNullable<HubConfig["github"]>;

/** Who the holder of this token is, and where they belong. Throws "unauthorized" for a token that is no longer good. */
export async function readMembership({ apiUrl }: GitHub, token: string, signal?: AbortSignal): Promise<Membership> {
  const get = <T>(path: string, shape: z.ZodType<T>) => askGitHub(`${apiUrl}${path}`, { token, shape, signal });
  const user = await get("/user", User);
  const orgs = await allPages((page) => get(`/user/memberships/orgs?state=active&${page}`, Memberships));
  const teams = await allPages((page) => get(`/user/teams?${page}`, Teams));
  return {
    githubId: user.id,
    login: user.login,
    orgs: orgs.filter(({ state }) => state === "active").map(({ organization }) => organization.login.toLowerCase()),
    teams: teams.map(({ slug, organization }) => `${organization.login}/${slug}`.toLowerCase()),
  };
}

async function allPages<T>(read: (page: string) => Promise<T[]>): Promise<T[]> {
  const all: T[] = [];
  for (let page = 1; page <= MAX_PAGES; page++) {
    const some = await read(`per_page=${PER_PAGE}&page=${page}`);
    all.push(...some);
    if (some.length < PER_PAGE) break;
  }
  return all;
}

async function askGitHub<T>(
  url: string,
  { token, shape, signal }: { token: string; shape: z.ZodType<T>; signal: AbortSignal | undefined },
): Promise<T> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const response = await fetch(url, {
    signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    redirect: "error",
    headers: {
      Authorization: `Bearer ${token}`,
      Accept: "application/vnd.github+json",
      "X-GitHub-Api-Version": "2022-11-28",
      "User-Agent": "claude-orchestrator",
    },
  }).catch((error: unknown) => {
    throw new AppError("upstream_failed", "GitHub could not be asked; try again", { cause: error });
  });
  if (response.status === 401) throw new AppError("unauthorized", "GitHub no longer knows this sign-in");
  const parsed = response.ok ? shape.safeParse(await response.json().catch(() => undefined)) : undefined;
  if (!parsed?.success) throw new AppError("upstream_failed", `GitHub answered ${response.status}; try again`);
  return parsed.data;
}

/** One of the rules must name them; with no rule nobody is let in. */
export const mayEnter = ({ login, orgs, teams }: Membership, allowed: HubConfig["allowed"]): boolean =>
  allowed.users.includes(login.toLowerCase()) ||
  allowed.orgs.some((org) => orgs.includes(org)) ||
  allowed.teams.some((team) => teams.includes(team));
