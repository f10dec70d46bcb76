import { createHash } from "node:crypto";
import { type GithubRules, isEmpty } from "../config-orchestrator.ts";
import type { HeaderPairs, IdentityKey } from "../contract/orchestrator-frames.ts";
import { AppError } from "../lib/errors.ts";
import type { Logger } from "../lib/logger.ts";
import { createRecent } from "../lib/recent.ts";
import type { GithubMembership } from "./github-membership.ts";
import { type HubIdentity, identityOfHeaders, verifyIdentity } from "./hub-identity.ts";

/** How long GitHub's answer about somebody counts. */
const REMEMBER_MS = 60_000;
const MAX_REMEMBERED = 1_000;
/** What the owner of a machine is called who is not named. */
const OWNER = "hub";

/** What came with a request that may say who is asking. */
export interface Credentials {
  identity?: string | null | undefined;
  githubToken?: string | null | undefined;
  headers?: HeaderPairs;
  /** The frame is one that older hubs only send for the machine's owner, and that has no place to say so. */
  isOfOwner?: boolean;
}

interface From {
  clientId: string;
  identityKeys: readonly IdentityKey[];
}

interface Parts {
  rules: GithubRules;
  github: GithubMembership;
  authDebug: boolean;
  log: Logger;
}

export type HubGate = ReturnType<typeof createHubGate>;

async function identify({ identity, headers = [] }: Credentials, from: From): Promise<HubIdentity | undefined> {
  if (from.identityKeys.length > 0)
    return verifyIdentity(identity ?? undefined, { keys: from.identityKeys, audience: from.clientId });
  return identityOfHeaders(headers);
}

/**
 * Who may come in through the hub, by the rules in their order: users, then teams, then organisations. Their GitHub
 * token is asked when there is one; else what the hub signed counts. Without rules everybody the hub names may.
 */
export function createHubGate({ rules, github, authDebug, log }: Parts) {
  const remembered = createRecent<string | AppError>({ max: MAX_REMEMBERED, ttlMs: REMEMBER_MS });
  const asking = new Map<string, Promise<string>>();

  /** The first rule that lets the holder of a token in, or undefined. */
  async function ruleByToken(login: string, token: string): Promise<string | undefined> {
    if (rules.users.includes(login.toLowerCase())) return "user";
    for (const team of rules.teams) if (await github.isInTeam(team, login, token)) return `team ${team}`;
    for (const org of rules.orgs) if (await github.isInOrg(org, token)) return `org ${org}`;
    return undefined;
  }

  function ruleByIdentity({ login, orgs, teams }: HubIdentity): string | undefined {
    if (rules.users.includes(login.toLowerCase())) return "user";
    const team = rules.teams.find((name) => teams.includes(name));
    if (team !== undefined) return `team ${team}`;
    const org = rules.orgs.find((name) => orgs.includes(name));
    return org === undefined ? undefined : `org ${org}`;
  }

  function admitAs(login: string, rule: string | undefined): string {
    if (authDebug) log.info({ login, rule: rule ?? "none" }, "[ORCHESTRATOR] who may come in");
    if (rule === undefined) throw new AppError("forbidden", `${login} may not use this machine`);
    return login;
  }

  async function judgeToken(token: string, identity: HubIdentity | undefined): Promise<string> {
    const holder = await github.whoHolds(token);
    if (!holder) throw new AppError("unauthorized", "The GitHub token that came with the request is nobody's");
    // A token of somebody else must not lend its rights to the one who asks.
    if (identity && String(holder.id) !== identity.sub)
      throw new AppError("forbidden", "The GitHub token is not that of the user who is asking");
    return admitAs(holder.login, isEmpty(rules) ? "no rules" : await ruleByToken(holder.login, token));
  }

  /** One question at a time about one person; an outage of GitHub is no answer. */
  async function remember(key: string, ask: () => Promise<string>): Promise<string> {
    const known = remembered.get(key);
    if (known instanceof AppError) throw known;
    if (known !== undefined) return known;
    const asked = asking.get(key) ?? ask().finally(() => asking.delete(key));
    asking.set(key, asked);
    try {
      const login = await asked;
      remembered.put(key, login);
      return login;
    } catch (error) {
      if (error instanceof AppError && error.code !== "unavailable") remembered.put(key, error);
      throw error;
    }
  }

  return {
    /** The login of who is asking. AppError "unauthorized", "forbidden", or "unavailable" when GitHub cannot be asked. */
    async admit(credentials: Credentials, from: From): Promise<string> {
      const identity = await identify(credentials, from);
      const { githubToken: token, isOfOwner = false } = credentials;
      if (token) {
        const hash = createHash("sha256").update(token).digest("base64");
        return remember(`${identity?.sub ?? ""} ${hash}`, () => judgeToken(token, identity));
      }
      if (!identity) {
        if (isOfOwner && isEmpty(rules)) return OWNER;
        throw new AppError("unauthorized", "No authentication token provided: the hub does not say who is asking");
      }
      return admitAs(identity.login, isEmpty(rules) ? "no rules" : ruleByIdentity(identity));
    },
  };
}
