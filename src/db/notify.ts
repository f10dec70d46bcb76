import { setTimeout as sleep } from "node:timers/promises";
import { sql, type Kysely } from "kysely";
import pg from "pg";
import { backoffMs } from "../lib/backoff.ts";
import type { Logger } from "../lib/logger.ts";
import { connectionUrl } from "./connection-url.ts";
import type { DB } from "./schema.ts";

const RECONNECT_BACKOFF = { baseMs: 50, capMs: 5_000 };
const CONNECT_TIMEOUT_MS = 10_000;
const HEARTBEAT_MS = 30_000;
const QUERY_TIMEOUT_MS = 10_000;

type Handler = (payload: string) => void;

export interface Listener {
  /** Resolves when what is notified from now on arrives. Payloads of one channel arrive in the order of the commits. */
  listen(channel: string, onPayload: Handler): Promise<void>;
  /** Called after every reconnection: what was notified in between is lost, so the reader looks for itself. */
  onResync(onResync: () => void): void;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Sends with the commit of the transaction `db` stands for. At most 7,999 bytes; equal ones of one transaction are sent once. */
export async function notify(db: Kysely<DB>, channel: string, payload: string): Promise<void> {
  await sql`select pg_notify(${channel}, ${payload})`.execute(db);
}

/**
 * The one connection of this process that listens; it is made again when it breaks. It must reach PostgreSQL itself or a
 * pooler in session mode: a pooler in transaction mode loses notifications. Rejects when the first connection fails.
 */
export async function openListener(connectionString: string, log: Logger): Promise<Listener> {
  const handlers = new Map<string, Handler[]>();
  const resyncs: (() => void)[] = [];
  const closing = new AbortController();
  const newClient = () => createClient(connectionString, (channel, payload) => callAll(handlers.get(channel), payload));
  let connection = newClient();
  await connection.client.connect();

  function callAll<A extends unknown[]>(functions: ((...args: A) => void)[] = [], ...args: A): void {
    for (const call of functions) {
      try {
        call(...args);
      } catch (error) {
        log.error({ err: error }, "a listener failed");
      }
    }
  }

  async function connectAgain(): Promise<boolean> {
    for (let attempt = 1; !closing.signal.aborted; attempt++) {
      await sleep(backoffMs(attempt, RECONNECT_BACKOFF), undefined, { signal: closing.signal }).catch(() => {});
      if (closing.signal.aborted) break;
      // In place before the channels are read: a channel asked for from here on goes to it directly.
      connection = newClient();
      try {
        await connection.client.connect();
        for (const channel of handlers.keys()) await listenOn(connection.client, channel);
        return true;
      } catch (error) {
        log.warn({ err: error, attempt }, "listening to the database failed; trying again");
        await connection.client.end().catch(() => {});
      }
    }
    return false;
  }

  async function stayConnected(): Promise<void> {
    for (;;) {
      await connection.ended;
      if (closing.signal.aborted) return;
      log.warn("the listening database connection broke; connecting again");
      if (!(await connectAgain())) return;
      callAll(resyncs);
    }
  }

  const staying = stayConnected();
  return {
    async listen(channel, onPayload) {
      handlers.set(channel, [...(handlers.get(channel) ?? []), onPayload]);
      await listenOn(connection.client, channel).catch((error: unknown) => {
        // A broken connection is being replaced, and the new one listens to all channels.
        if (error instanceof pg.DatabaseError && error.code?.startsWith("57") !== true) throw error;
      });
    },
    onResync: (onResync) => void resyncs.push(onResync),
    async [Symbol.asyncDispose]() {
      closing.abort();
      await connection.client.end().catch(() => {});
      await staying;
    },
  };
}

const listenOn = (client: pg.Client, channel: string) => client.query(`listen ${client.escapeIdentifier(channel)}`);

/** A client that notices a dead peer: it asks something now and then, and ends when no answer comes. */
function createClient(connectionString: string, onNotification: (channel: string, payload: string) => void) {
  const client = new pg.Client({
    connectionString: connectionUrl(connectionString),
    application_name: "claude-orchestrator listener",
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
    keepAlive: true,
  });
  client.on("notification", ({ channel, payload = "" }) => onNotification(channel, payload));
  let heartbeat: NodeJS.Timeout | undefined;
  client.once("connect", () => {
    heartbeat = setInterval(() => void client.query("select 1").catch(() => client.end()), HEARTBEAT_MS).unref();
  });
  const ended = new Promise<void>((resolve) => {
    // An error is always followed by the end; unheard it would end the process.
    client.on("error", () => {});
    client.on("end", () => {
      clearInterval(heartbeat);
      resolve();
    });
  });
  return { client, ended };
}
