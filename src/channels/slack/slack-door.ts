import type { EventService } from "../../sessions/event-service.ts";
import { createChannelLimiter } from "./channel-limiter.ts";
import { openLiveProgress } from "./live-progress.ts";
import { openInstallations } from "./open-installations.ts";
import { createSlackChannel } from "./slack-channel.ts";
import { createSlackClients } from "./slack-clients.ts";
import type { HandlerParts, LedgerParts } from "./slack-parts.ts";
import { createSlackReceiving } from "./slack-receiving.ts";

export interface SlackDoorParts extends LedgerParts, Pick<HandlerParts, "config" | "log" | "baseUrl"> {
  /** What happens in all sessions: shown in their threads. */
  events: Pick<EventService, "followAll">;
  /** Where secrets that are made once are kept. */
  dataDir: string;
  /** Who this process is among those of the cluster. */
  holder: string;
}

/** Whether the configuration says anything about Slack that can be used. */
export const isSlackConfigured = ({ botToken, oauth }: HandlerParts["config"]): boolean =>
  botToken !== undefined || oauth !== undefined;

/** The Slack door: the workspaces it speaks in, what receives, and what sends. */
export async function openSlack(parts: SlackDoorParts) {
  await using opened = new AsyncDisposableStack();
  const workspaces = await openInstallations(parts);
  const { installations } = workspaces;
  const clients = createSlackClients({ apiUrl: parts.config.apiUrl, installations });
  const receiving = createSlackReceiving({ ...parts, clients, installations });
  opened.use(receiving.start());
  const sending = { ...parts, clients, limiter: createChannelLimiter() };
  const channel = createSlackChannel(sending);
  opened.use(openLiveProgress(sending));
  const kept = opened.move();
  return {
    channel,
    handlers: receiving.handlers,
    openRouters: [...receiving.openRouters, ...workspaces.openRouters],
    routers: workspaces.routers,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
