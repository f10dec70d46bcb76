import type { Database } from "../../db/database.ts";
import { countMailsOf } from "./email-queries.ts";
import type { Refusal } from "./refusal.ts";

/** Mails of one person within an hour: more than that, and a machine writes in his name. */
const MAX_IN_THREAD = 20;
const MAX_OF_SENDER = 60;

/** What ends a loop that no header told of. */
export async function tooMany(
  db: Database,
  { from, sessionId, messageId }: { from: string; sessionId: string | undefined; messageId: string },
): Promise<Refusal | undefined> {
  const { all, inSession } = await countMailsOf(db, { participant: from, sessionId, except: messageId });
  if (inSession >= MAX_IN_THREAD)
    return { kind: "too_many", why: `More than ${MAX_IN_THREAD} mails came in this conversation within an hour.` };
  if (all >= MAX_OF_SENDER)
    return { kind: "too_many", why: `More than ${MAX_OF_SENDER} mails came from ${from} within an hour.` };
  return undefined;
}
