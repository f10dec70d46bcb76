import type { Channel } from "../../deliveries/channel.ts";
import { createInstallState } from "./install-state.ts";
import { createInstallRoutes } from "./install-routes.ts";
import { createInstallations } from "./installations.ts";
import { createOwnWorkspace } from "./own-workspace.ts";
import { createSlackClients } from "./slack-clients.ts";
import type { LedgerParts, HandlerParts } from "./slack-parts.ts";
import { createSlackReceiving } from "./slack-receiving.ts";
import { createTokenCipher, readTokenSecret } from "./token-cipher.ts";

export interface SlackDoorParts extends LedgerParts, Pick<HandlerParts, "config" | "log" | "baseUrl"> {
  /** Where secrets that are made once are kept. */
  dataDir: string;
  /** Who this process is among those of the cluster. */
  holder: string;
}

/** Whether the configuration says anything about Slack that can be used. */
export const isSlackConfigured = ({ botToken, oauth }: HandlerParts["config"]): boolean =>
  botToken !== undefined || oauth !== undefined;

/** The Slack door: what receives, what sends, and the workspaces both speak in. */
export async function openSlack(parts: SlackDoorParts) {
  const { db, config, log, dataDir } = parts;
  const { botToken, apiUrl, oauth } = config;
  await using opened = new AsyncDisposableStack();
  const secret = await readTokenSecret(config.tokenKey, dataDir);
  const ownWorkspace = botToken === undefined ? undefined : createOwnWorkspace({ botToken, apiUrl });
  const installations = createInstallations({ db, log, cipher: createTokenCipher(secret), ownWorkspace });
  const clients = createSlackClients({ apiUrl, installations });
  const receiving = createSlackReceiving({ ...parts, clients, installations });
  opened.use(receiving.start());
  const install =
    oauth &&
    createInstallRoutes({ installations, state: createInstallState(secret), apiUrl, ...oauth, baseUrl: parts.baseUrl });
  const channel: Channel = {
    kind: "slack",
    send: () => Promise.resolve({ is: "refused", error: "nothing sends to Slack yet" }),
  };
  const kept = opened.move();
  return {
    channel,
    handlers: receiving.handlers,
    openRouters: [...receiving.openRouters, ...(install ? [install.openRouter] : [])],
    routers: install ? [install.router] : [],
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
