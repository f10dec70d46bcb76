import type { Core } from "./app-doors.ts";
import { readCallbackSecret } from "./channels/callback/callback-secret.ts";
import { openMailAddresses } from "./channels/email/mail-addresses.ts";
import type { Listener } from "./db/notify.ts";
import { createDeliveryService } from "./deliveries/delivery-service.ts";
import { createNoticeService } from "./deliveries/notice-service.ts";
import { createThreadService } from "./deliveries/thread-service.ts";
import { createMessageService } from "./messages/message-service.ts";
import { createResultService } from "./runs/result-service.ts";
import { createEventService } from "./sessions/event-service.ts";
import { openFeed } from "./sessions/feed.ts";
import { createSessionService } from "./sessions/session-service.ts";
import { createTemplateService } from "./sessions/templates/template-service.ts";
import { createSubscriptionService } from "./subscriptions/subscription-service.ts";

export type Services = Awaited<ReturnType<typeof openServices>>;

/** Where people reach this server. */
export const baseUrlOf =
  ({ config, address }: Core) =>
  (): string =>
    config.http.publicUrl ?? address.url;

/** What a session changed, in numbers; null when there is nothing to compare. */
export const summarizeDiffOf =
  ({ workspaces }: Core) =>
  async (sessionId: string) => {
    const { base, files, added, removed } = await workspaces.diff(sessionId);
    return base === null ? null : { files: files.length, added, removed };
  };

/** What every door asks: the API, a Slack thread and a mail do the same by the same means. */
export async function openServices(
  core: Core,
  { parts, listener }: { parts: AsyncDisposableStack; listener: Listener },
) {
  const { config, log, workerId, storage, claude, workspaces, runs, outboundUrls } = core;
  const { db, queue } = storage;
  const { nudge } = queue;
  const feed = parts.use(await openFeed({ db, listener, log }));
  const mailAddressOf = await openMailAddresses(db, config.email);
  const deliveries = createDeliveryService({ db });
  const secret = await readCallbackSecret(config.outbound.callbackSecret, config.dataDir);
  return {
    runs,
    deliveries,
    subscriptions: createSubscriptionService({ db, outboundUrls, secret, findDelivery: deliveries.get }),
    events: createEventService({ db, feed }),
    sessions: createSessionService({
      db,
      nudge,
      workerId,
      workspaces,
      outboundUrls,
      allowBypass: config.claude.allowBypass,
      configDir: claude.configDir,
    }),
    templates: createTemplateService({ db }),
    messages: createMessageService({ db, nudge, outboundUrls }),
    threads: createThreadService({ db, mailAddressOf }),
    mailAddressOf,
    outbox: createNoticeService({ db }),
    results: createResultService({ db, feed, summarizeDiff: summarizeDiffOf(core), baseUrl: baseUrlOf(core) }),
  };
}
