import type { SlackConfig } from "../../config-slack.ts";
import type { Database } from "../../db/database.ts";
import type { NoticeService } from "../../deliveries/notice-service.ts";
import type { Logger } from "../../lib/logger.ts";
import type { NewEntry } from "../../messages/inbox-entry-queries.ts";
import type { MessageService } from "../../messages/message-service.ts";
import type { RunService } from "../../runs/run-service.ts";
import type { SessionService } from "../../sessions/session-service.ts";
import type { People } from "./people.ts";
import type { Say } from "./say.ts";
import type { SlackClients } from "./slack-clients.ts";

/** The door's name in the inbox. */
export const SLACK_DOOR = "slack";

/** What the ledger does for the Slack door. */
export interface LedgerParts {
  /** Only for the queries of this folder. */
  db: Database;
  sessions: Pick<SessionService, "create" | "get" | "putThread">;
  messages: Pick<MessageService, "post">;
  runs: Pick<RunService, "stop">;
  outbox: Pick<NoticeService, "notice">;
  /** Where mails to a session go; null where no mail comes in. */
  mailAddressOf: (sessionId: string) => string | null;
  /** Commits what was received; Slack is told after that. */
  receive: (entry: NewEntry) => Promise<"new" | "known">;
}

/** What everything that answers to Slack is made of. */
export interface HandlerParts extends LedgerParts {
  config: SlackConfig;
  log: Logger;
  clients: SlackClients;
  people: People;
  say: Say;
  /** Where people reach this server. */
  baseUrl: () => string;
}
