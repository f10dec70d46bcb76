import { WebClient } from "@slack/web-api";
import { z } from "zod";
import { AppError, toError } from "../../lib/errors.ts";
import type { NewInstallation } from "./installations.ts";
import { quietSlackLogger } from "./slack-logger.ts";

const TIMEOUT_MS = 15_000;

const Granted = z.object({
  access_token: z.string().min(1),
  bot_user_id: z.string().min(1),
  scope: z.string().default(""),
  team: z.object({ id: z.string().min(1), name: z.string().nullish() }).nullish(),
  authed_user: z.object({ id: z.string() }).nullish(),
  is_enterprise_install: z.boolean().nullish(),
  expires_in: z.number().nullish(),
});

/** Trades the code of Slack's page for the token of the bot there. A code is good once, so it is tried once. */
export async function completeInstall(given: {
  apiUrl: string;
  clientId: string;
  clientSecret: string;
  code: string;
  redirectUri: string;
}): Promise<NewInstallation> {
  const { apiUrl, clientId, clientSecret, code, redirectUri } = given;
  const client = new WebClient(undefined, {
    slackApiUrl: apiUrl,
    timeout: TIMEOUT_MS,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    logger: quietSlackLogger(),
  });
  const exchange = { client_id: clientId, client_secret: clientSecret, code, redirect_uri: redirectUri };
  const answer = await client.oauth.v2.access(exchange).catch((error: unknown) => {
    throw new AppError("upstream_failed", `Slack gave no token: ${toError(error).message}`, { cause: error });
  });
  const granted = Granted.safeParse(answer);
  if (!granted.success) throw new AppError("upstream_failed", "Slack's answer holds no token of a bot");
  const { team, is_enterprise_install: wide, expires_in: expiresIn } = granted.data;
  if (wide === true || !team)
    throw new AppError("invalid", "Install the app in one workspace: for a whole organisation it is not made");
  if (expiresIn != null) throw new AppError("invalid", "Switch token rotation off in the settings of the Slack app");
  return {
    teamId: team.id,
    teamName: team.name ?? team.id,
    botUserId: granted.data.bot_user_id,
    botToken: granted.data.access_token,
    scopes: granted.data.scope.split(",").filter((scope) => scope !== ""),
    installedBy: granted.data.authed_user?.id ?? null,
  };
}
