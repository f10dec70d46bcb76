import { WebClient, type WebClientOptions } from "@slack/web-api";
import { createFetchOnce } from "./fetch-once.ts";
import type { Installation, Installations } from "./installation.ts";
import { quietSlackLogger } from "./slack-logger.ts";

/** What is needed to speak in one workspace. */
export interface SlackTeam extends Pick<Installation, "teamId" | "botUserId"> {
  /** For what a person waits for: reactions, looks, menus. Tries again twice within two seconds, only what may be repeated. */
  interactive: WebClient;
  /** For what is kept in the ledger and sent again from there: one try. */
  background: WebClient;
}

export interface SlackClients {
  /** undefined: no such workspace has our app. An empty id (a session bound by API) means the only workspace there is. */
  of(teamId: string): Promise<SlackTeam | undefined>;
}

/** More workspaces than this are looked up again. */
const MAX_TEAMS = 200;
/** How long a token is used before it is looked up again: an app can be uninstalled. */
const TOKEN_MS = 30_000;
const INTERACTIVE_TIMEOUT_MS = 5_000;
/** Less than a message is held for one call (BUSY_MS of progress-queries). */
const BACKGROUND_TIMEOUT_MS = 12_000;

interface Parts {
  /** Ends in a slash. */
  apiUrl: string;
  installations: Pick<Installations, "find" | "list">;
  backgroundTimeoutMs?: number;
}

interface Cached {
  token: string;
  team: SlackTeam;
  checkedAt: number;
}

/**
 * Two clients for each workspace, so that one that is told to slow down does not hold up the other. Neither pauses by
 * itself on a 429, and none repeats a call that Slack may have carried out. `headers` are never given: the library
 * writes the token into them, and a shared object would carry it into another workspace.
 */
export function createSlackClients({
  apiUrl,
  installations,
  backgroundTimeoutMs = BACKGROUND_TIMEOUT_MS,
}: Parts): SlackClients {
  const cache = new Map<string, Cached>();
  const shared = (timeout: number, retries: number): WebClientOptions => ({
    slackApiUrl: apiUrl,
    timeout,
    rejectRateLimitedCalls: true,
    logger: quietSlackLogger(),
    fetch: createFetchOnce(),
    retryConfig: { retries, minTimeout: 200, maxTimeout: 1_000, randomize: true },
  });

  async function look(teamId: string): Promise<Installation | undefined> {
    if (teamId !== "") return installations.find(teamId);
    const all = await installations.list();
    return all.length === 1 ? all[0] : undefined;
  }

  function remember(teamId: string, { teamId: id, botUserId, botToken }: Installation): SlackTeam {
    const interactive = new WebClient(botToken, shared(INTERACTIVE_TIMEOUT_MS, 2));
    const background = new WebClient(botToken, shared(backgroundTimeoutMs, 0));
    const team = { teamId: id, botUserId, interactive, background };
    const [oldest] = cache.keys();
    if (cache.size >= MAX_TEAMS && oldest !== undefined) cache.delete(oldest);
    cache.set(teamId, { token: botToken, team, checkedAt: performance.now() });
    return team;
  }

  return {
    async of(teamId: string): Promise<SlackTeam | undefined> {
      const known = cache.get(teamId);
      if (known && performance.now() - known.checkedAt < TOKEN_MS) return known.team;
      const found = await look(teamId);
      cache.delete(teamId);
      if (!found) return undefined;
      if (known?.token !== found.botToken) return remember(teamId, found);
      cache.set(teamId, { ...known, checkedAt: performance.now() });
      return known.team;
    },
  };
}
