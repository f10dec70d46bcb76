import type { SeedRow } from "../db/seed-reader.ts";
import { capText } from "../lib/text.ts";
import { derivedUuid, isUuid, mergeMetadata, orNull, readFields, type Fields } from "./seed-fields.ts";
import type { NewCommandLog, NewMessage, NewThread } from "./seed-queries.ts";
import { toDirection, toSource } from "./seed-words.ts";

const MAX_INTEGER = 2 ** 31 - 1;

/** A row that belongs to a session, by the name the old database has for it: our old id, or Claude's. */
interface Belonging<Row, Session = string> {
  oldSession: string;
  toRow(session: Session): Row;
}

const takeSessionName = (fields: Fields): string => fields.text("session_id", "session") ?? "";

const takeTimestamp = (fields: Fields): { timestamp?: string } => {
  const timestamp = fields.text("timestamp", "created_at", "executed_at", "sent_at");
  return timestamp === undefined ? {} : { timestamp };
};

export function toMessage(row: SeedRow): Belonging<NewMessage> {
  const fields = readFields(row);
  const oldSession = takeSessionName(fields);
  const oldId = fields.text("id") ?? JSON.stringify(row);
  const { direction, source, ...kept } = takeWords(fields);
  const content = fields.text("content", "message", "text", "body") ?? "";
  const author = orNull(fields.text("author", "user_name", "username", "sender"));
  const own = fields.json("metadata");
  const timestamp = takeTimestamp(fields);
  const metadata = mergeMetadata(own, { ...kept, ...fields.rest() });
  return {
    oldSession,
    toRow: (sessionId) => ({
      id: isUuid(oldId) ? oldId.toLowerCase() : derivedUuid("message", sessionId, oldId),
      sessionId,
      direction,
      source,
      content,
      author,
      metadata,
      ...timestamp,
    }),
  };
}

/** Who spoke and through which door; the old words stay where ours say less. */
function takeWords(fields: Fields) {
  const seedDirection = fields.word("direction", "role");
  const seedSource = fields.word("source");
  const known = toDirection(seedDirection ?? "inbound");
  const direction = known ?? "inbound";
  const source = seedSource === undefined ? undefined : toSource(seedSource);
  return {
    direction,
    source: source ?? (direction === "outbound" ? "claude" : "api"),
    seedDirection: known === undefined ? seedDirection : undefined,
    seedSource: source === undefined ? seedSource : undefined,
  };
}

/** `unread` names the columns that a command log has no place for. */
export function toCommandLog(row: SeedRow): Belonging<NewCommandLog> & { unread: string[] } {
  const fields = readFields(row);
  const oldSession = takeSessionName(fields);
  const oldId = fields.text("id") ?? derivedUuid("log", JSON.stringify(row));
  const input = fields.json("input", "tool_input", "parameters");
  const values = {
    toolUseId: fields.text("tool_use_id") ?? `seed-${oldId}`,
    tool: fields.text("tool", "tool_name") ?? "unknown",
    input: input === undefined ? null : JSON.stringify(input),
    ...takeResult(fields),
    durationMs: toDuration(Number(fields.take("duration_ms", "duration"))),
    ...takeTimestamp(fields),
  };
  return { oldSession, unread: Object.keys(fields.rest()), toRow: (sessionId) => ({ sessionId, ...values }) };
}

function takeResult(fields: Fields): { status: string; result: string | null } {
  const error = fields.text("error", "error_message");
  const text = fields.text("result", "output") ?? error;
  const signs = [fields.take("success") === false, fields.take("is_error") === true, error !== undefined];
  const hasFailed = signs.includes(true) || ["failed", "error"].includes(fields.word("status") ?? "");
  return { status: hasFailed ? "failed" : "succeeded", result: text === undefined ? null : capText(text) };
}

const toDuration = (ms: number): number | null => (ms >= 0 ? Math.min(Math.round(ms), MAX_INTEGER) : null);

/** Undefined for a row without a thread. The channel may be known from the session only. */
export function toThread(row: SeedRow): Belonging<NewThread, { id: string; slackChannel: string | null }> | undefined {
  const fields = readFields(row);
  const oldSession = takeSessionName(fields);
  const threadTs = fields.text("thread_ts", "slack_thread_ts");
  if (threadTs === undefined) return undefined;
  const team = fields.text("team", "team_id") ?? "";
  const channel = fields.text("channel", "channel_id", "slack_channel");
  const createdAt = fields.text("created_at");
  return {
    oldSession,
    toRow: ({ id, slackChannel }) => ({
      team,
      threadTs,
      sessionId: id,
      channel: channel ?? slackChannel ?? "",
      ...(createdAt !== undefined && { createdAt }),
    }),
  };
}
