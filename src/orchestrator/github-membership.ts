import { z } from "zod";
import { AppError } from "../lib/errors.ts";
import { VERSION } from "../lib/version.ts";

const TIMEOUT_MS = 8_000;
const User = z.object({ id: z.int(), login: z.string().min(1).max(100) });
const Membership = z.object({ state: z.string() });

export type GithubMembership = ReturnType<typeof createGithubMembership>;

/** What GitHub says of the holder of a token; AppError "unavailable" when it cannot be asked. */
export function createGithubMembership(apiUrl: string) {
  async function ask<T>(path: string, token: string, shape: z.ZodType<T>): Promise<T | undefined> {
    const response = await fetch(`${apiUrl}${path}`, {
      headers: {
        authorization: `Bearer ${token}`,
        accept: "application/vnd.github+json",
        "x-github-api-version": "2022-11-28",
        "user-agent": `claude-orchestrator/${VERSION}`,
      },
      redirect: "error",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    }).catch((error: unknown) => {
      throw new AppError("unavailable", "GitHub cannot be reached to check who may use this machine", { cause: error });
    });
    // Not a member, not known, or a token that may not ask: all mean that nothing was shown.
    if ([401, 403, 404].includes(response.status)) return undefined;
    const body: unknown = await response.json().catch(() => undefined);
    const parsed = response.ok ? shape.safeParse(body) : undefined;
    if (parsed?.success) return parsed.data;
    throw new AppError("unavailable", `GitHub answered ${response.status} when asked who may use this machine`);
  }

  const isActive = async (path: string, token: string): Promise<boolean> =>
    (await ask(path, token, Membership))?.state === "active";

  return {
    /** Undefined: the token is nobody's. */
    whoHolds: (token: string) => ask("/user", token, User),
    isInTeam(team: string, login: string, token: string): Promise<boolean> {
      const [org = "", slug = ""] = team.split("/");
      return isActive(
        `/orgs/${encodeURIComponent(org)}/teams/${encodeURIComponent(slug)}/memberships/${encodeURIComponent(login)}`,
        token,
      );
    },
    isInOrg: (org: string, token: string): Promise<boolean> =>
      isActive(`/user/memberships/orgs/${encodeURIComponent(org)}`, token),
  };
}
