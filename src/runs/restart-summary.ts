import type { Database } from "../db/database.ts";
import { inert } from "../lib/inert.ts";
import { findSaidBefore } from "./conversation-queries.ts";

/** What a summary may hold: of many messages the newest, of a long one its beginning. */
const MAX_MESSAGES = 200;
const MAX_LETTERS = 40_000;
const MAX_LETTERS_EACH = 4_000;

const INTRODUCTION = `You are going on with work that was begun in an earlier conversation, whose record is not at hand. The workspace is as that conversation left it. What was said, shortened, from the ledger (the newest last):`;

type Said = Awaited<ReturnType<typeof findSaidBefore>>[number];

/**
 * The first prompt of a conversation that begins anew: what was said in the session before this message, as far as it
 * has room, and then the message. Nothing in the quotes acts: no command, no path that would be read.
 */
export async function withSummary(
  db: Database,
  { title, run, prompt }: { title: string; run: { sessionId: string; position: number }; prompt: string },
): Promise<string> {
  const said = await findSaidBefore(db, run, { limit: MAX_MESSAGES, letters: MAX_LETTERS_EACH });
  return summaryOf({ title, newestFirst: said, prompt });
}

/** Pure: the text from what was said, the newest first. */
export function summaryOf(parts: { title: string; newestFirst: readonly Said[]; prompt: string }): string {
  const told: string[] = [];
  let room = MAX_LETTERS;
  for (const message of parts.newestFirst) {
    if (isOnlyFailure(message)) continue;
    const text = quote(message);
    if (text.length > room) break;
    room -= text.length;
    told.unshift(text);
  }
  return [INTRODUCTION, `Title: ${inert(parts.title)}`, ...told, `The new message:`, parts.prompt].join("\n\n");
}

/** An answer of ours that only says why there was none. */
const isOnlyFailure = ({ direction, metadata }: Said): boolean =>
  direction === "outbound" && typeof metadata === "object" && metadata !== null && "reason" in metadata;

function quote({ direction, author, content, length }: Said): string {
  const who = direction === "outbound" ? "You" : (author ?? "The person");
  const cut = length > content.length ? `… [${length - content.length} more letters]` : "";
  const lines = inert(`${who}: ${content}${cut}`).split("\n");
  return lines.map((line) => `> ${line}`).join("\n");
}
