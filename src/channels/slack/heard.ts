import { SLACK_BOT_EVENTS } from "../../contract/slack-app.ts";
import type { Database } from "../../db/database.ts";
import type { Logger } from "../../lib/logger.ts";
import { putHeard } from "./heard-queries.ts";

/** How exactly it is known when one came last. */
const AGAIN_MS = 60 * 60 * 1000;

const KINDS: Readonly<Record<string, string>> = { channel: "channels", group: "groups", im: "im", mpim: "mpim" };

/** The name a manifest subscribes to an event by; undefined for what ours does not. */
export function subscriptionOf({ type, channel_type: kind }: { type: string; channel_type?: unknown }) {
  const name = type === "message" && typeof kind === "string" ? `message.${KINDS[kind] ?? kind}` : type;
  return SLACK_BOT_EVENTS.find((known) => known === name);
}

/** Notes which kinds of events come at all, for `doctor`; never fails, and writes at most once an hour for each kind. */
export function createHeard({ db, log }: { db: Database; log: Logger }) {
  const noted = new Map<string, number>();
  return async (event: { type: string; channel_type?: unknown }): Promise<void> => {
    const name = subscriptionOf(event);
    if (name === undefined || performance.now() - (noted.get(name) ?? Number.NEGATIVE_INFINITY) < AGAIN_MS) return;
    noted.set(name, performance.now());
    await putHeard(db, name).catch((error: unknown) => log.debug({ err: error }, "noting a Slack event failed"));
  };
}
