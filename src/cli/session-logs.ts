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

/** All events after a place, page by page, and then, if wanted, those that come. */
async function* eventsOf(client: ApiClient, sessionId: string, follow: AbortSignal | undefined) {
  let place = 0;
  for (let more = true; more;) {
    const { items } = await client.events(sessionId, String(place));
    yield* items;
    place = items.at(-1)?.seq ?? place;
    more = items.length > 0;
  }
  if (!follow) return;
  while (!follow.aborted) {
    try {
      for await (const event of client.follow(sessionId, place, follow)) {
        place = event.seq;
        yield event;
      }
    } catch (error) {
      if (error instanceof AppError && error.code !== "unavailable") throw error;
    }
    await wait(RETRY_MS, follow);
  }
}

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
    for await (const event of eventsOf(client, sessionId, follow ? interrupted.signal : undefined)) {
      if (interrupted.signal.aborted) break;
      if (json) screen.out(`${JSON.stringify(event)}\n`);
      else if (event.type === "message") {
        const prompt = await promptOf(event);
        if (prompt !== undefined) progress.line(`\n${prompt}\n`);
      } else progress.event(event);
    }
    progress.end();
    return EXIT.success;
  } finally {
    process.off("SIGINT", interrupt);
  }
}
