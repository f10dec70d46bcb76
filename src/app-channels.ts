import type { Core } from "./app-doors.ts";
import { baseUrlOf, summarizeDiffOf, type Services } from "./app-services.ts";
import { createCallbackChannel } from "./channels/callback/callback-channel.ts";
import { readCallbackSecret } from "./channels/callback/callback-secret.ts";
import { createSubscriptionChannel } from "./channels/callback/subscription-channel.ts";
import { openEmail } from "./channels/email/email-door.ts";
import { isSlackConfigured, openSlack } from "./channels/slack/slack-door.ts";
import type { Listener } from "./db/notify.ts";
import { createAnswerFiles } from "./deliveries/answer-files.ts";
import type { Channel } from "./deliveries/channel.ts";
import { startDeliverer } from "./deliveries/deliverer.ts";
import { setConnectedChannels } from "./deliveries/thread-queries.ts";
import type { HttpParts } from "./http/http-app.ts";
import { VERSION } from "./lib/version.ts";
import { openInbox, receiveInto, type InboxHandler } from "./messages/inbox-service.ts";

/** A way in and out: what it sends by, what handles what it received, and what it answers over HTTP. */
export interface Door {
  channel: Channel;
  /** By the name of the door in the inbox. */
  handlers: Readonly<Record<string, InboxHandler>>;
  /** For anyone: requests that carry a signature of their own. */
  openRouters?: HttpParts["routers"];
  /** For callers of the API. */
  routers?: HttpParts["routers"];
  /** For callers of the API too; they read bodies that are not JSON themselves. */
  rawRouters?: HttpParts["routers"];
}

/** What a door is made of, beside its own configuration. */
export interface DoorParts extends Services {
  core: Core;
  listener: Listener;
  /** Commits what was received; its sender is told after that. */
  receive: ReturnType<typeof receiveInto>;
  /** Where people reach this server. */
  baseUrl: () => string;
}

/** The doors this installation is configured for. */
export async function openChannels(
  core: Core,
  services: Services,
  { parts, listener }: { parts: AsyncDisposableStack; listener: Listener },
) {
  const { config, log, storage, workspaces, outboundUrls } = core;
  const { db } = storage;
  const baseUrl = baseUrlOf(core);
  const doorParts: DoorParts = { ...services, core, listener, receive: receiveInto(db), baseUrl };
  const doors: Door[] = await openConfigured(doorParts, parts);
  await setConnectedChannels(
    db,
    doors.map(({ channel }) => channel.kind),
  );
  const secret = await readCallbackSecret(config.outbound.callbackSecret, config.dataDir);
  const callbacks = createCallbackChannel({ secret, outboundUrls, version: VERSION });
  const { target } = services.subscriptions;
  const subscriptions = createSubscriptionChannel({ target, outboundUrls, version: VERSION });
  const summarizeDiff = summarizeDiffOf(core);
  const readFiles = createAnswerFiles({ readFile: workspaces.readFile });

  return {
    openRouters: doors.flatMap((door) => door.openRouters ?? []),
    routers: doors.flatMap((door) => door.routers ?? []),
    rawRouters: doors.flatMap((door) => door.rawRouters ?? []),

    /** Begins to send, and to handle what came in: both say where we listen, so it is done once we do. */
    async start(): Promise<void> {
      const channels = [callbacks, ...doors.map(({ channel }) => channel)];
      const common = { db, listener, log, summarizeDiff, readFiles, baseUrl };
      const others = [subscriptions];
      parts.use(await startDeliverer({ ...common, channels, elsewhere: others }));
      // Places of their own: receivers that hang, as many as there are, hold up no answer.
      parts.use(await startDeliverer({ ...common, channels: others, elsewhere: channels }));
      const handlers = Object.assign({}, ...doors.map((door) => door.handlers)) as Record<string, InboxHandler>;
      if (doors.length > 0) parts.use(await openInbox({ db, listener, log, handlers }));
    },
  };
}

/** One line a door: it is opened when its configuration is there. */
async function openConfigured(doorParts: DoorParts, parts: AsyncDisposableStack): Promise<Door[]> {
  const { core } = doorParts;
  const { config, log, storage, workerId: holder } = core;
  const common = { ...doorParts, db: storage.db, log, dataDir: config.dataDir, holder };
  const doors: Door[] = [];
  if (isSlackConfigured(config.slack)) doors.push(parts.use(await openSlack({ ...common, config: config.slack })));
  if (config.email) doors.push(parts.use(await openEmail({ ...common, config: config.email })));
  return doors;
}
