import { sql, type Kysely } from "kysely";
import type { CommandLog } from "../contract/command-log.ts";
import type { DB } from "../db/schema.ts";
import { CURSOR_NUMBER, decodeCursor } from "../lib/cursor.ts";
import type { Json } from "../lib/text.ts";
import { toolSummary } from "../lib/tool-summary.ts";
import type { NewEvent } from "../sessions/event-queries.ts";

type Status = CommandLog["status"];

/** A tool call as Claude's stream tells of it. Texts and JSON are already cut to what the ledger keeps. */
export interface ToolCallRow {
  sessionId: string;
  runId: string | null;
  toolUseId: string;
  tool: string;
  input: Json;
  agentId: string | null;
  /** When Claude made the call; the time of writing when absent. */
  at?: Date;
}

/** What became of one. A call we have not heard of is left out. */
export interface ToolResultRow {
  sessionId: string;
  toolUseId: string;
  result: string | null;
  status: Exclude<Status, "running">;
  durationMs?: number | null;
}

export interface CommandLogRow {
  id: number;
  sessionId: string;
  runId: string | null;
  toolUseId: string | null;
  agentId: string | null;
  tool: string;
  input: unknown;
  result: string | null;
  status: string;
  durationMs: number | null;
  timestamp: Date;
}

/** A tool call in the feed. The second witness, and the result, replace the event of the first: they have its key. */
export const toolEvent = (row: CommandLogRow): NewEvent => ({
  type: "tool",
  ...(row.toolUseId !== null && { key: toolEventKey(row.toolUseId) }),
  runId: row.runId ?? undefined,
  data: toolEventData(row),
});

export const toolEventKey = (toolUseId: string): string => `tool:${toolUseId}`;

/** What a `tool` event carries; hook-queries builds the same in SQL. */
export const toolEventData = (row: CommandLogRow) => ({
  logId: String(row.id),
  tool: row.tool,
  status: row.status,
  durationMs: row.durationMs,
  toolUseId: row.toolUseId,
  agentId: row.agentId,
  summary: toolSummary(row.input),
});

/** Which of two statuses of one call stays: a final one, and of two final ones the refusal, which says more than a failure. */
export const laterStatus = sql`case
  when kept.status = 'running' or (kept.status = 'failed' and excluded.status = 'denied') then excluded.status
  else kept.status end`;

/** Hooks and stream write the same rows: both lock the sessions first, in the order of their ids. */
const lockSessions = (rows: readonly { sessionId: string }[]) => sql`
  select id from sessions where id = any(${[...new Set(rows.map((row) => row.sessionId))]}::uuid[])
  order by id for no key update`;

/**
 * Writes the tool calls that the stream tells of, or completes the rows a hook has made. The stream names the subagent
 * by the call that started it, so its word counts there. When a call is named twice the last one counts. Returns the
 * rows as they are now.
 */
export async function recordToolCalls(db: Kysely<DB>, rows: readonly ToolCallRow[]): Promise<CommandLogRow[]> {
  if (rows.length === 0) return [];
  const calls = [...new Map(rows.map((row) => [`${row.sessionId} ${row.toolUseId}`, row])).values()];
  const result = await sql<CommandLogRow>`
    with locked as materialized (${lockSessions(calls)})
    insert into command_logs as kept (session_id, run_id, tool_use_id, agent_id, tool, input, timestamp)
    select c."sessionId", c."runId", c."toolUseId", c."agentId", c.tool, c.input, coalesce(c.at, clock_timestamp())
    from json_to_recordset(${JSON.stringify(calls)}::json)
      as c ("sessionId" uuid, "runId" uuid, "toolUseId" text, "agentId" text, tool text, input jsonb, at timestamptz)
    join locked on locked.id = c."sessionId"
    on conflict (session_id, tool_use_id) do update set
      run_id = coalesce(kept.run_id, excluded.run_id),
      agent_id = coalesce(excluded.agent_id, kept.agent_id),
      input = coalesce(kept.input, excluded.input),
      timestamp = least(kept.timestamp, excluded.timestamp)
    returning kept.*`.execute(db);
  return result.rows;
}

/**
 * Writes what became of tool calls. The text that the stream hands over is what Claude itself was told, so it replaces
 * a hook's; a duration that a hook measured stays, and so does a final status. Returns the rows as they are now.
 */
export async function recordToolResults(db: Kysely<DB>, rows: readonly ToolResultRow[]): Promise<CommandLogRow[]> {
  if (rows.length === 0) return [];
  const results = [...new Map(rows.map((row) => [`${row.sessionId} ${row.toolUseId}`, row])).values()];
  const { rows: written } = await sql<CommandLogRow>`
    with locked as materialized (${lockSessions(results)})
    update command_logs as kept set
      result = coalesce(excluded.result, kept.result),
      status = ${laterStatus},
      duration_ms = coalesce(kept.duration_ms, excluded."durationMs")
    from json_to_recordset(${JSON.stringify(results)}::json)
      as excluded ("sessionId" uuid, "toolUseId" text, result text, status text, "durationMs" integer)
    join locked on locked.id = excluded."sessionId"
    where kept.session_id = excluded."sessionId" and kept.tool_use_id = excluded."toolUseId"
    returning kept.*`.execute(db);
  return written;
}

/**
 * Ends the calls of a session that nobody will hear of any more: Claude is gone. `result` says so in words where there
 * is no text yet. Returns the rows as they are now.
 */
export async function closeOpenCalls(db: Kysely<DB>, sessionId: string, result: string): Promise<CommandLogRow[]> {
  const { rows } = await sql<CommandLogRow>`
    with locked as materialized (${lockSessions([{ sessionId }])})
    update command_logs as kept set status = 'failed', result = coalesce(result, ${result})
    from locked where kept.session_id = locked.id and kept.status = 'running' returning kept.*`.execute(db);
  return rows;
}

/** A session's tool calls newest first; one more than `limit` when there are more. */
export function findCommandLogs(
  db: Kysely<DB>,
  sessionId: string,
  page: { limit: number; cursor?: string | undefined },
) {
  let query = db.selectFrom("commandLogs").selectAll().where("sessionId", "=", sessionId);
  if (page.cursor) {
    const [id] = decodeCursor(page.cursor, [CURSOR_NUMBER]);
    query = query.where("id", "<", Number(id));
  }
  return query
    .orderBy("id", "desc")
    .limit(page.limit + 1)
    .execute();
}

export const presentCommandLog = (row: CommandLogRow): CommandLog => ({
  logId: String(row.id),
  sessionId: row.sessionId,
  runId: row.runId,
  toolUseId: row.toolUseId,
  agentId: row.agentId,
  tool: row.tool,
  input: (row.input ?? null) as CommandLog["input"],
  result: row.result,
  status: row.status as Status,
  success: row.status === "running" ? null : row.status === "succeeded",
  durationMs: row.durationMs,
  timestamp: row.timestamp.toISOString(),
});
