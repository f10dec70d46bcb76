import { SlackError } from "./slack-error.ts";
import { asText, type Json } from "./state.ts";
import type { World } from "./world.ts";

/** Methods that no bot token is for. */
type InstallMethod = (world: World, authorization: string | undefined, args: Json) => Json;

/** The app shows itself by Basic authentication, or in the form. */
function checkClient(world: World, authorization: string | undefined, args: Json): void {
  const basic = Buffer.from(/^Basic (.+)$/.exec(authorization ?? "")?.[1] ?? "", "base64").toString();
  const [id = args["client_id"], secret = args["client_secret"]] = basic === "" ? [] : basic.split(":");
  if (id !== world.clientId) throw new SlackError("invalid_client_id");
  if (secret !== world.clientSecret) throw new SlackError("bad_client_secret");
}

/** Exchanges the code that the authorization page gave, once, for the bot's token. */
const oauthAccess: InstallMethod = (world, authorization, args) => {
  checkClient(world, authorization, args);
  const code = asText(args["code"]);
  const grant = world.codes.get(code);
  if (!grant) throw new SlackError("invalid_code");
  world.codes.delete(code);
  if (args["redirect_uri"] !== undefined && args["redirect_uri"] !== grant.redirectUri)
    throw new SlackError("bad_redirect_uri");
  const team = world.teams.get(grant.team);
  if (!team) throw new SlackError("invalid_code");
  team.installed = true;
  return {
    app_id: world.appId,
    authed_user: { id: [...team.users.keys()][0] },
    scope: team.scopes.join(","),
    token_type: "bot",
    access_token: team.botToken,
    bot_user_id: team.botUserId,
    team: { id: team.id, name: team.name },
    enterprise: null,
    is_enterprise_install: false,
  };
};

const openConnection: InstallMethod = (world, authorization) => {
  const token = /^Bearer (.+)$/.exec(authorization ?? "")?.[1];
  if (token === undefined) throw new SlackError("not_authed");
  if (token !== world.appToken)
    throw new SlackError(token.startsWith("xapp-") ? "invalid_auth" : "not_allowed_token_type");
  const ticket = world.newId("ticket");
  world.socketTickets.add(ticket);
  return { url: `${world.origin.replace("http", "ws")}/link/?ticket=${ticket}&app_id=${world.appId}` };
};

export const INSTALL_METHODS: Readonly<Record<string, InstallMethod>> = {
  "oauth.v2.access": oauthAccess,
  "apps.connections.open": openConnection,
};
