import { sql, type Kysely } from "kysely";
import { createPool } from "../db/database.ts";
import type { DB } from "../db/schema.ts";
import type { Json } from "../lib/text.ts";
import { SESSION_EVENTS } from "../sessions/event-queries.ts";
import { laterStatus } from "./command-log-queries.ts";

/** One hook, ready to be written. A field that is absent is null in SQL. */
export interface HookRow {
  session_id: string;
  /** The id the hook came under, checked against the session; absent when a run's token says which session it is. */
  claude_id?: string;
  run_id?: string;
  type: "tool" | "message" | "notification" | "hook";
  /** `tool:<id>`, or `hook:<hash>:<time slot>` for what carries no id. */
  key: string;
  /** The key the same hook would have had one time slot ago. */
  earlier_key?: string;
  /** The event's data; of a tool call only `{ summary }`, the rest comes from its row. */
  data: Record<string, Json>;
  activity?: string;

  tool?: string;
  tool_use_id?: string;
  agent_id?: string;
  input?: Json;
  result?: string;
  status?: string;
  duration_ms?: number;
  /** Only completes a call that is still open. */
  settles?: boolean;

  message_id?: string;
  direction?: "inbound" | "outbound";
  source?: "cli" | "claude";
  content?: string;
  title?: string;

  /** Where the hook moves a session that has no runs of ours. */
  next_status?: "running" | "completed" | "failed";
}

/** The rows, the one parameter of the statement, and for each the place it has in the batch. */
const input = sql`
  select i.* from rows from (json_to_recordset(${null}::json) as (
    session_id uuid, claude_id text, run_id uuid, type text, key text, earlier_key text, data jsonb, activity text,
    tool text, tool_use_id text, agent_id text, input jsonb, result text, status text, duration_ms integer, settles boolean,
    message_id uuid, direction text, source text, content text, title text, next_status text
  )) with ordinality as i (
    session_id, claude_id, run_id, type, key, earlier_key, data, activity,
    tool, tool_use_id, agent_id, input, result, status, duration_ms, settles,
    message_id, direction, source, content, title, next_status, n)`;

/** Their sessions, locked in the order every writer of hooks and streams locks them. */
const home = sql`
  select s.id, s.claude_session_id, s.status, s.run_count,
    exists (select from runs r where r.session_id = s.id and r.status = 'running') as live
  from sessions s where s.id in (select session_id from input) order by s.id for no key update`;

/** A hook belongs to the session it was looked up for: not if that session was merged or got another Claude id meanwhile. */
const isAtHome = sql`(i.run_id is not null or i.claude_id in (h.claude_session_id, h.id::text))`;

/**
 * What is new. Not: what a person's own settings post during a run of ours (that run posts it with its token), what was
 * heard a moment ago, and the end of a call that has ended.
 */
const fresh = sql`
  select i.*, case when i.type = 'tool' then nextval('command_logs_id_seq') end as log_id
  from input i join home h on h.id = i.session_id
  where ${isAtHome} and (i.run_id is not null or not h.live)
    and (i.tool_use_id is not null or not exists (
      select from session_events e where e.session_id = i.session_id and e.key in (i.key, i.earlier_key)))
    and (i.settles is not true or exists (
      select from command_logs l
      where l.session_id = i.session_id and l.tool_use_id = i.tool_use_id and l.status = 'running'))`;

/** One row for each tool call. A row that says nothing new is not written, and then makes no event either. */
const logs = sql`
  insert into command_logs as kept (id, session_id, run_id, tool_use_id, agent_id, tool, input, result, status, duration_ms)
    overriding system value
  select log_id, session_id, run_id, tool_use_id, agent_id, tool, input, result, status, duration_ms
  from fresh where type = 'tool' order by n
  on conflict (session_id, tool_use_id) do update set
    run_id = coalesce(kept.run_id, excluded.run_id),
    agent_id = coalesce(kept.agent_id, excluded.agent_id),
    input = coalesce(kept.input, excluded.input),
    result = coalesce(kept.result, excluded.result),
    status = ${laterStatus},
    duration_ms = coalesce(excluded.duration_ms, kept.duration_ms)
  where (kept.run_id is null and excluded.run_id is not null)
    or (kept.agent_id is null and excluded.agent_id is not null)
    or (kept.input is null and excluded.input is not null)
    or (kept.result is null and excluded.result is not null)
    or kept.status <> ${laterStatus}
    or (excluded.duration_ms is not null and kept.duration_ms is distinct from excluded.duration_ms)
  returning id, session_id, run_id, tool_use_id, agent_id, tool, status, duration_ms`;

/** A session without runs of ours follows its hooks. A late hook does not bring a closed session back, a prompt does. */
const turned = sql`
  select h.id as session_id, t.next_status as status, t.n
  from home h join (
    select distinct on (session_id) session_id, next_status, message_id, n
    from fresh where next_status is not null order by session_id, n desc
  ) t on t.session_id = h.id
  where h.run_count = 0 and h.status <> t.next_status and (
    case when t.next_status = 'running' then h.status not in ('cancelled', 'archived') or t.message_id is not null
    else h.status = 'running' end)`;

/** What goes to the feed, in the order of arrival; a change of status follows the hook that made it. */
const told = sql`
  select f.session_id, f.n, 1 as part, f.type, f.key, coalesce(l.run_id, f.run_id) as run_id, f.activity, f.title,
    case when f.type = 'tool' then f.data || jsonb_build_object(
      'logId', l.id::text, 'tool', l.tool, 'status', l.status, 'durationMs', l.duration_ms,
      'toolUseId', l.tool_use_id, 'agentId', l.agent_id) else f.data end as data
  from fresh f left join logs l on l.session_id = f.session_id
    and coalesce(l.tool_use_id, l.id::text) = coalesce(f.tool_use_id, f.log_id::text)
  where f.type <> 'tool' or l.id is not null
  union all
  select session_id, n, 2, 'session.status', null, null, null, null, jsonb_build_object('status', status, 'waitingFor', null)
  from turned`;

/** Takes the seqs. An observed session is called after its first prompt. */
const moved = sql`
  update sessions s set
    last_seq = s.last_seq + c.events, updated_at = clock_timestamp(),
    activity = coalesce(c.activity, s.activity), status = coalesce(t.status, s.status),
    archived_at = case when t.status is null then s.archived_at end,
    title = case when c.title is not null and s.observed
      and not exists (select from session_messages m where m.session_id = s.id) then c.title else s.title end
  from (
    select session_id, count(*) as events,
      (array_agg(activity order by n desc) filter (where activity is not null))[1] as activity,
      (array_agg(title order by n) filter (where title is not null))[1] as title
    from told group by session_id
  ) c left join turned t on t.session_id = c.session_id
  where s.id = c.session_id
  returning s.id, s.last_seq - c.events as base`;

const said = sql`
  insert into session_messages (id, session_id, direction, content, source)
  select message_id, session_id, direction, content, source from fresh where message_id is not null order by n`;

const added = sql`
  insert into session_events as kept (session_id, seq, type, key, run_id, data)
  select t.session_id, m.base + row_number() over (partition by t.session_id order by t.n, t.part), t.type, t.key, t.run_id, t.data
  from told t join moved m on m.id = t.session_id
  on conflict (session_id, key) where key is not null do update
    set seq = excluded.seq, type = excluded.type, run_id = excluded.run_id, data = kept.data || excluded.data,
        tx = excluded.tx`;

const statement = sql`
  with input as materialized (${input}),
    home as materialized (${home}), fresh as materialized (${fresh}), logs as (${logs}), turned as materialized (${turned}),
    told as materialized (${told}), moved as (${moved}), said as (${said}), added as (${added})
  select
    (select count(pg_notify(${sql.lit(SESSION_EVENTS)}, id::text)) from moved) as notified,
    array(select i.n::integer from input i where i.run_id is null and not exists (
      select from home h where h.id = i.session_id and ${isAtHome})) as strangers`;

export interface HookStatement extends AsyncDisposable {
  /**
   * Writes a batch of hooks: logs, messages, status, feed, and the NOTIFY. `rows` is the JSON text of a list of HookRow
   * in which no key occurs twice. Returns the places (from 1) of the rows whose session was gone or had another Claude
   * id: those were not written and must be looked up again.
   */
  record: (rows: string) => Promise<number[]>;
}

/** As long as Claude waits for an answer: one session that is held must not hold up the hooks of all others. */
const LOCK_TIMEOUT_MS = 5_000;

/**
 * The one statement of a batch, on a connection of its own where PostgreSQL keeps it prepared: planning it anew costs
 * more than carrying it out for one row, and Kysely cannot name statements.
 */
export function openHookStatement(
  db: Kysely<DB>,
  connectionString: string,
  { lockTimeoutMs = LOCK_TIMEOUT_MS }: { lockTimeoutMs?: number } = {},
): HookStatement {
  const url = new URL(connectionString);
  url.searchParams.set("lock_timeout", String(lockTimeoutMs));
  const pool = createPool(url.href, { max: 1 });
  const { sql: text } = statement.compile(db);
  return {
    async record(rows) {
      const result = await pool.query<{ strangers: number[] }>({ name: "record-hooks", text, values: [rows] });
      return result.rows[0]?.strangers ?? [];
    },
    async [Symbol.asyncDispose]() {
      if (!pool.ending) await pool.end();
    },
  };
}
