import type { Database } from "../../db/database.ts";
import type { Logger } from "../../lib/logger.ts";
import type { ChannelLimiter } from "./channel-limiter.ts";
import type { SlackClients, SlackTeam } from "./slack-clients.ts";
import { failureOf } from "./slack-failure.ts";

/** What everything is made of that speaks in Slack. */
export interface SendingParts {
  /** Only for the queries of this folder. */
  db: Database;
  clients: SlackClients;
  limiter: ChannelLimiter;
  log: Logger;
  /** Where people reach this server. */
  baseUrl: () => string;
}

/** Where something is said. */
export interface Spot {
  team: SlackTeam;
  channel: string;
  threadTs: string | null;
}

export const limiterKey = ({ team, channel }: Pick<Spot, "team" | "channel">): string => `${team.teamId} ${channel}`;

/** Does a call that speaks in a channel; a channel that asks us to slow down is left alone for so long. */
export async function speak<T>(limiter: ChannelLimiter, key: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const failure = failureOf(error);
    if (failure.is === "limited") limiter.pause(key, failure.retryAfterMs);
    throw error;
  }
}

/** Whether a call that failed did nothing, for sure. */
export const didNothing = (error: unknown): boolean => failureOf(error).is !== "unknown";
