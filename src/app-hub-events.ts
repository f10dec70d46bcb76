import { hkdfSync } from "node:crypto";
import { createSubscriptionChannel } from "./channels/callback/subscription-channel.ts";
import type { Config } from "./config.ts";
import type { Database } from "./db/database.ts";
import type { Listener } from "./db/notify.ts";
import { startDeliverer } from "./deliveries/deliverer.ts";
import { createDeliveryRoutes } from "./deliveries/delivery-routes.ts";
import { createDeliveryService } from "./deliveries/delivery-service.ts";
import { createOutboundUrls } from "./deliveries/outbound-url.ts";
import type { OperatorParts } from "./hub/hub.ts";
import { AppError } from "./lib/errors.ts";
import type { Logger } from "./lib/logger.ts";
import { startRepeating } from "./lib/repeat.ts";
import { VERSION } from "./lib/version.ts";
import { ledgerSteps } from "./runs/retention-steps-queries.ts";
import { hasWorkers } from "./runs/worker-queries.ts";
import { createSubscriptionRoutes } from "./subscriptions/subscription-routes.ts";
import { createSubscriptionService } from "./subscriptions/subscription-service.ts";

const CLEAN_MS = 60 * 60_000;
const CLEAN_AT_ONCE = 10_000;
const DAY_MS = 24 * 60 * 60_000;

interface EventParts {
  config: Config;
  log: Logger;
  db: Database;
  listener: Listener;
  /** Of the hub; the same for all its processes. */
  secret: string;
  /** Where people reach the hub. */
  baseUrl: () => string;
}

/**
 * The subscriptions of a hub with a database to itself: the same routes as a server's, and what sends. Where a server uses
 * the database too, that one is asked for them and sends, by its own rules and its own secret.
 */
export function createHubEvents({ config, log, db, listener, secret, baseUrl }: EventParts) {
  const outboundUrls = createOutboundUrls(config.outbound);
  const deliveries = createDeliveryService({ db });
  const subscriptions = createSubscriptionService({
    db,
    outboundUrls,
    secret: config.outbound.callbackSecret ?? secretOf(secret),
    findDelivery: deliveries.get,
  });
  const isOurs = async () => !(await hasWorkers(db));
  const operator: OperatorParts = {
    apiKeys: config.http.apiKeys,
    paths: ["/api/subscriptions", "/api/deliveries", "/api/sessions"],
    routers: [createSubscriptionRoutes({ subscriptions }), createDeliveryRoutes({ deliveries })],
    async check() {
      if (!(await isOurs()))
        throw new AppError(
          "conflict",
          "A server uses this database too: ask it for subscriptions, since it sends them",
        );
    },
  };

  async function clean(): Promise<void> {
    const days = config.retention.days.deliveries;
    const step = ledgerSteps.find(({ what }) => what === "deliveries");
    if (days > 0 && (await isOurs())) await step?.remove(db, new Date(Date.now() - days * DAY_MS), CLEAN_AT_ONCE);
  }

  return {
    operator,
    async start(parts: AsyncDisposableStack): Promise<void> {
      const channels = [createSubscriptionChannel({ target: subscriptions.target, outboundUrls, version: VERSION })];
      const nothing = { summarizeDiff: () => Promise.resolve(null), readFiles: withoutFiles };
      parts.use(await startDeliverer({ db, listener, log, channels, isOurs, baseUrl, ...nothing }));
      const onError = (error: unknown) => log.warn({ err: error }, "old deliveries were not removed; trying again");
      parts.use(startRepeating(clean, { intervalMs: CLEAN_MS, onError }));
    },
  };
}

const withoutFiles = (_sessionId: string, text: string) => Promise.resolve({ text, files: [], refused: [] });

/** Made of the hub's own, which all its processes share. */
const secretOf = (secret: string): string =>
  Buffer.from(hkdfSync("sha256", secret, "claude-orchestrator", "hub subscriptions v1", 32)).toString("hex");
