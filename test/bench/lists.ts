import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { sql } from "kysely";
import { createDatabase, type Database } from "../../src/db/database.ts";
import { startEmbeddedPostgres } from "../../src/db/embedded/embedded-postgres.ts";
import { migrate } from "../../src/db/migrate.ts";
import { createLogger } from "../../src/lib/logger.ts";
import { openServerPlace } from "../support/server-process.ts";
import { loadNow } from "./bench-server.ts";
import { percentile } from "./percentile.ts";

/**
 * How fast lists are read when there is much to list: node test/bench/lists.ts
 *   --requests 100    of each kind, one after the other, the kinds in turn
 * 500 sessions with 20 messages and 100 tool calls each, and one with 100,000 tool calls and 2,000 messages.
 */
const { values } = parseArgs({ options: { requests: { type: "string", default: "100" } } });
const SESSIONS = 500;
const MANY_LOGS = 100_000;
const WARM = 5;

await using parts = new AsyncDisposableStack();
const dataDir = await mkdtemp(join(tmpdir(), "lists-bench-"));
await chmod(dataDir, 0o711);
parts.defer(() => rm(dataDir, { recursive: true, force: true }));
const { connectionString } = parts.use(await startEmbeddedPostgres({ dataDir, log: createLogger("warn") }));
const db = parts.adopt(createDatabase(connectionString), (it) => it.destroy());
await migrate(db, resolve(import.meta.dirname, "../../sql"));
const big = await fill(db);
const place = parts.use(await openServerPlace());
const server = parts.use(await place.start({ DATABASE_URL: connectionString }));

const deepLog = await cursorAt(`/api/sessions/${big}/logs?limit=200`, 20);
const paths: Record<string, string> = {
  "50 sessions": "/api/sessions",
  "200 sessions": "/api/sessions?limit=200",
  "by status": "/api/sessions?status=failed,running",
  "by tag": "/api/sessions?tag=tag-3",
  "`q=` of a rare word": "/api/sessions?q=needle",
  "`q=` of two words": "/api/sessions?q=session%20number",
  "`q=` of a word in all": "/api/sessions?q=migration",
  "`q=` of a word in the 100,000": "/api/sessions?q=grep",
  "`q=` of one letter": "/api/sessions?q=s",
  "`q=` without a hit": "/api/sessions?q=absent",
  "the session of 100,000": `/api/sessions/${big}`,
  "its newest 50 logs": `/api/sessions/${big}/logs`,
  "its newest 200 logs": `/api/sessions/${big}/logs?limit=200`,
  "200 logs after 20 pages": `/api/sessions/${big}/logs?limit=200&cursor=${deepLog}`,
  "its newest 50 messages": `/api/sessions/${big}/messages`,
  "its newest 200 messages": `/api/sessions/${big}/messages?limit=200`,
  "its runs": `/api/sessions/${big}/runs`,
  "`/api/usage`": "/api/usage",
  "`/api/status`": "/api/status",
};
const taken = new Map(Object.keys(paths).map((name) => [name, [] as number[]]));
const sizes = new Map<string, number>();
console.log(`before: ${loadNow()}`);
for (let n = -WARM; n < Number(values.requests); n++) {
  for (const [name, path] of Object.entries(paths)) {
    const begun = performance.now();
    const text = await read(path);
    if (n >= 0) taken.get(name)?.push(performance.now() - begun);
    sizes.set(name, text.length);
  }
}
console.log(`after: ${loadNow()}\n\n| list | p50 ms | p95 ms | KB |\n|-|-|-|-|`);
for (const [name, all] of taken) {
  const kb = ((sizes.get(name) ?? 0) / 1_024).toFixed(0);
  console.log(`| ${name} | ${percentile(all, 0.5).toFixed(1)} | ${percentile(all, 0.95).toFixed(1)} | ${kb} |`);
}

async function read(path: string): Promise<string> {
  const response = await fetch(`${server.url}${path}`);
  const text = await response.text();
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${text}`);
  return text;
}

async function cursorAt(path: string, pages: number): Promise<string> {
  let cursor = "";
  for (let n = 0; n < pages; n++) {
    const more = cursor === "" ? "" : `&cursor=${cursor}`;
    cursor = (JSON.parse(await read(`${path}${more}`)) as { nextCursor: string }).nextCursor;
  }
  return cursor;
}

/** Fills the ledger and says which session is the big one. */
async function fill(to: Database): Promise<string> {
  await sql`insert into workers (id, hostname, pid, version, slots) values ('bench', 'bench', 1, '0', 1)`.execute(to);
  await sql`
    insert into sessions (title, status, project_type, project_path, tags, worker_id, created_at, run_count)
    select 'Session number ' || n || case when n = 250 then ' needle' else '' end,
      (array['completed', 'failed', 'completed', 'cancelled', 'completed'])[1 + n % 5], 'local', '/home/dev/project',
      array['tag-' || n % 10], 'bench', now() - n * interval '1 minute', 10
    from generate_series(1, ${SESSIONS}) n`.execute(to);
  await sql`
    insert into session_messages (session_id, direction, content, source)
    select s.id, case when n % 2 = 0 then 'inbound' else 'outbound' end,
      repeat('Please look at the migration number ' || n || ' of the project, and say what it does. ', 20), 'api'
    from sessions s, generate_series(1, 20) n`.execute(to);
  const { rows } = await sql<{ id: string }>`
    insert into sessions (title, project_type, project_path, worker_id, status)
    values ('The big one', 'local', '/home/dev/project', 'bench', 'completed') returning id`.execute(to);
  const id = rows[0]?.id ?? "";
  await logs(to, sql`s.id <> ${id}`, 100);
  await logs(to, sql`s.id = ${id}`, MANY_LOGS);
  await sql`
    insert into session_messages (session_id, direction, content, source)
    select ${id}::uuid, 'inbound', repeat('Go on with the next file, number ' || n || '. ', 20), 'api'
    from generate_series(1, 2000) n`.execute(to);
  await sql`vacuum analyze`.execute(to);
  return id;
}

async function logs(to: Database, which: ReturnType<typeof sql>, each: number): Promise<void> {
  await sql`
    insert into command_logs (session_id, tool_use_id, tool, input, result, status, duration_ms)
    select s.id, 'toolu_' || n, 'Bash',
      jsonb_build_object('command', 'grep -rn word' || n % 1000 || ' src/folder-' || n % 50 || ' | head'),
      repeat('src/sessions/session-queries.ts:' || n || ': const row = await db ', 8), 'succeeded', 12
    from sessions s, generate_series(1, ${each}::int) n where ${which}`.execute(to);
}
