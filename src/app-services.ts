import type { Core } from "./app-doors.ts";
import type { Listener } from "./db/notify.ts";
import { createNoticeService } from "./deliveries/notice-service.ts";
import { createThreadService } from "./deliveries/thread-service.ts";
import { createMessageService } from "./messages/message-service.ts";
import { createEventService } from "./sessions/event-service.ts";
import { openFeed } from "./sessions/feed.ts";
import { createSessionService } from "./sessions/session-service.ts";

export type Services = Awaited<ReturnType<typeof openServices>>;

/** What every door asks: the API, a Slack thread and a mail do the same by the same means. */
export async function openServices(
  { config, log, workerId, storage, claude, workspaces, runs, outboundUrls }: Core,
  { parts, listener }: { parts: AsyncDisposableStack; listener: Listener },
) {
  const { db, queue } = storage;
  const { nudge } = queue;
  const feed = parts.use(await openFeed({ db, listener, log }));
  return {
    runs,
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
    messages: createMessageService({ db, nudge, outboundUrls }),
    threads: createThreadService({ db }),
    outbox: createNoticeService({ db }),
  };
}
