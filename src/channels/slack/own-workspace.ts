import { WebClient } from "@slack/web-api";
import { AppError, toError } from "../../lib/errors.ts";
import type { Installation } from "./installation.ts";
import { quietSlackLogger } from "./slack-logger.ts";

const TIMEOUT_MS = 10_000;
/** How long nothing is asked after a failure. */
const PAUSE_MS = 5_000;

/** Whose token SLACK_BOT_TOKEN is: asked once, and again after a failure, since Slack may be away when we start. */
export function createOwnWorkspace({ botToken, apiUrl }: { botToken: string; apiUrl: string }) {
  const client = new WebClient(botToken, {
    slackApiUrl: apiUrl,
    timeout: TIMEOUT_MS,
    retryConfig: { retries: 1 },
    rejectRateLimitedCalls: true,
    logger: quietSlackLogger(),
  });
  let known: Installation | undefined;
  let asking: Promise<Installation> | undefined;
  let failure: { at: number; error: AppError } | undefined;

  async function ask(): Promise<Installation> {
    try {
      const { team_id: teamId = "", team: teamName = "", user_id: botUserId = "" } = await client.auth.test();
      known = { teamId, teamName, botUserId, botToken };
      return known;
    } catch (cause) {
      const error = new AppError("unavailable", `Slack refuses SLACK_BOT_TOKEN: ${toError(cause).message}`, { cause });
      failure = { at: performance.now(), error };
      throw error;
    } finally {
      asking = undefined;
    }
  }

  return async (): Promise<Installation> => {
    if (known) return known;
    if (failure && performance.now() - failure.at < PAUSE_MS) throw failure.error;
    asking ??= ask();
    return asking;
  };
}
