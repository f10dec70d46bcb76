import type { SessionEvent } from "../contract/event.ts";
import { AppError } from "../lib/errors.ts";
import { wait } from "../lib/wait.ts";
import type { ApiClient } from "./api-client.ts";
import { EXIT } from "./session-output.ts";
import { createProgress } from "./session-progress.ts";
import type { Screen } from "./session-run.ts";

const RETRY_MS = 1_000;
/** Messages are looked up by that many, the newest first. */
const MESSAGES = 200;

/** All events there are, page by page. */
async function readAll(client: ApiClient, sessionId: string): Promise<SessionEvent[]> {
  const all: SessionEvent[] = [];
  for (;;) {
    const { items } = await client.events(sessionId, String(all.at(-1)?.seq ?? 0));
    if (items.length === 0) return all;
    all.push(...items);
  }
}

/** Those that come after a place. */
async function* eventsAfter(client: ApiClient, sessionId: string, { after, signal }: Follow) {
  let place = after;
  while (!signal.aborted) {
    try {
      for await (const event of client.follow(sessionId, place, signal)) {
        place = event.seq;
        yield event;
      }
    } catch (error) {
      if (error instanceof AppError && error.code !== "unavailable") throw error;
    }
    await wait(RETRY_MS, signal);
  }
}
interface Follow {
  after: number;
  signal: AbortSignal;
}

/** As it happened: an event that was replaced keeps its time, but has a later `seq`. */
const byTime = (a: SessionEvent, b: SessionEvent): number =>
  Date.parse(a.timestamp) - Date.parse(b.timestamp) || a.seq - b.seq;

/** What was said to Claude, by message id; read anew when one is asked for that is not known. */
function createPrompts(client: ApiClient, sessionId: string) {
  const known = new Map<string, string>();
  return async ({ data }: SessionEvent): Promise<string | undefined> => {
    const id = data["messageId"];
    if (data["direction"] !== "inbound" || typeof id !== "string") return undefined;
    if (!known.has(id)) {
      const { items } = await client.messages(sessionId, MESSAGES);
      for (const { messageId, author, source, content } of items)
        known.set(messageId, `${author ?? source}: ${content}`);
    }
    return known.get(id);
  };
}

/** Prints a session's whole conversation with its tool calls, as text or as one event a line. Returns the exit code. */
export async function printLogs(
  { client, screen }: { client: ApiClient; screen: Screen },
  sessionId: string,
  { json, follow }: { json: boolean; follow: boolean },
): Promise<number> {
  const interrupted = new AbortController();
  const interrupt = () => interrupted.abort();
  process.once("SIGINT", interrupt);
  const progress = createProgress(screen.out);
  const promptOf = createPrompts(client, sessionId);
  try {
    const show = async (event: SessionEvent) => {
      const prompt = json || event.type !== "message" ? undefined : await promptOf(event);
      if (json) screen.out(`${JSON.stringify(event)}\n`);
      else if (prompt !== undefined) progress.line(`\n${prompt}\n`);
      else progress.event(event);
    };
    const told = await readAll(client, sessionId);
    for (const event of json ? told : told.toSorted(byTime)) await show(event);
    const following = { after: told.at(-1)?.seq ?? 0, signal: interrupted.signal };
    if (follow) for await (const event of eventsAfter(client, sessionId, following)) await show(event);
    progress.end();
    return EXIT.success;
  } finally {
    process.off("SIGINT", interrupt);
  }
}
