import type { Kysely } from "kysely";
import type { PageQuery } from "../../contract/page.ts";
import type { DB } from "../../db/schema.ts";
import { CURSOR_NUMBER, decodeCursor } from "../../lib/cursor.ts";

const before = ({ cursor }: PageQuery): number =>
  cursor === undefined ? Number.MAX_SAFE_INTEGER : Number(decodeCursor(cursor, [CURSOR_NUMBER])[0]);

/** Mails that started nothing, newest first; one more than `limit` when there are more. */
export const findRefusedMails = (db: Kysely<DB>, page: PageQuery) =>
  db
    .selectFrom("inbox")
    .select(["position", "payload", "status", "reason", "receivedAt"])
    .where("door", "=", "email")
    .where("status", "in", ["refused", "failed"])
    .where("position", "<", before(page))
    .orderBy("position", "desc")
    .limit(page.limit + 1)
    .execute();

/** The mails of a session's threads, newest first; one more than `limit` when there are more. */
export const findSessionMails = (db: Kysely<DB>, sessionId: string, page: PageQuery) =>
  db
    .selectFrom("emailMessages as m")
    .innerJoin("emailThreads as t", "t.id", "m.threadId")
    .select([
      "m.position",
      "m.messageId",
      "m.direction",
      "m.subject",
      "m.ledgerId",
      "m.fullText",
      "m.createdAt",
      "t.participant",
    ])
    .where("t.sessionId", "=", sessionId)
    .where("m.position", "<", before(page))
    .orderBy("m.position", "desc")
    .limit(page.limit + 1)
    .execute();
