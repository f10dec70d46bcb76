import { fork, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { sql } from "kysely";
import { createDatabase, type Database } from "../../src/db/database.ts";
import { startEmbeddedPostgres } from "../../src/db/embedded/embedded-postgres.ts";
import { migrate } from "../../src/db/migrate.ts";
import { createLogger } from "../../src/lib/logger.ts";
import { load, type Load, type LoadResult } from "./http-load.ts";
import { copyRows, pgbenchInserts } from "./postgres-ceiling.ts";
import { waitForQuiet } from "./quiet-machine.ts";

/**
 * How fast hooks are taken in, beside what the machine can do: node test/bench/hook-ingest.ts
 *   --seconds 4            length of each window
 *   --rounds 1             of each window so many are run, and the best is shown
 *   --quiet 0              seconds to wait for a machine that does nothing else, before each window
 *   --steady               only the steady 100 hooks a second
 *   --without-word-index   drops the full-text index on the tool input first
 * TEST_DATABASE_URL points to another server than the embedded one (its database is written to).
 */
const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "4" },
    rounds: { type: "string", default: "1" },
    quiet: { type: "string", default: "0" },
    steady: { type: "boolean", default: false },
    "without-word-index": { type: "boolean", default: false },
  },
});
const seconds = Number(values.seconds);
const rounds = Number(values.rounds);
const quietMs = Number(values.quiet) * 1_000;
const SIZES = [2_048, 20_480];
const CONNECTIONS = [1, 8, 32];
const COPIED_ROWS = { 2_048: 40_000, 20_480: 5_000 } as Record<number, number>;
const HOST = "127.0.0.1";

const grepLine = (n: number): string =>
  `src/sessions/session-queries.ts:${n}:  const row = await db.selectFrom("sessions").where("id", "=", id${n % 7});\n`;

/** Output as grep prints it: words that repeat, like real results, so that PostgreSQL compresses them. */
function outputText(length: number): string {
  let text = "";
  for (let n = 1; text.length < length; n += 1) text += grepLine(n);
  return text.slice(0, length);
}

const INPUT = { command: "grep -rn 'selectFrom' src --include='*.ts' | head -200", description: "Find the queries" };

function hookBody(claudeSessionId: string, toolUseId: string, size: number): string {
  const body = (stdout: string): string =>
    JSON.stringify({
      session_id: claudeSessionId,
      transcript_path: `/home/dev/.claude/projects/-home-dev-project/${claudeSessionId}.jsonl`,
      cwd: "/home/dev/project",
      permission_mode: "acceptEdits",
      hook_event_name: "PostToolUse",
      tool_name: "Bash",
      tool_input: INPUT,
      tool_response: { stdout, stderr: "", interrupted: false, isImage: false },
      tool_use_id: toolUseId,
      duration_ms: 12,
    });
  return body(outputText(size - body("").length - Math.round(size / 25)));
}

/** One conversation a connection, a new tool call each time: the id is written over in place. */
function requests(size: number, connections: number): (connection: number, n: number) => Buffer {
  const run = randomUUID().slice(0, 8);
  const mark = "toolu_____________________";
  const buffers = Array.from({ length: connections }, () => {
    const body = Buffer.from(hookBody(randomUUID(), mark, size));
    const head = `POST /api/hooks HTTP/1.1\r\nHost: ${HOST}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
    const buffer = Buffer.concat([Buffer.from(head), body]);
    return { buffer, offset: buffer.indexOf(mark) };
  });
  return (connection, n) => {
    const { buffer, offset } = buffers[connection] ?? { buffer: Buffer.alloc(0), offset: 0 };
    buffer.write(`toolu_${run}${String(n).padStart(12, "0")}`, offset);
    return buffer;
  };
}

interface Servers {
  child: ChildProcess;
  ours: number;
  raw: number;
}

async function startServers(connectionString: string): Promise<Servers> {
  const child = fork(resolve(import.meta.dirname, "hook-ingest-server.ts"), [connectionString], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const [ports] = (await once(child, "message")) as [{ ours: number; raw: number }];
  return { child, ...ports };
}

/** CPU time of Node since it was asked last. */
async function nodeCpuMs({ child }: Servers): Promise<number> {
  child.send("cpu");
  const [answer] = (await once(child, "message")) as [{ cpuMs: number }];
  return answer.cpuMs;
}

/** CPU time so far of the PostgreSQL process that writes the hooks, in steps of 10 ms; Linux only. */
async function postgresCpuMs(db: Database): Promise<number> {
  const { rows } = await sql<{ pid: number }>`
    select pid from pg_stat_activity where query like '%with input as materialized%' and pid <> pg_backend_pid()`.execute(
    db,
  );
  const stat = await readFile(`/proc/${rows[0]?.pid}/stat`, "utf8").catch(() => "");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

const whole = (value: number | undefined): string =>
  value === undefined ? "-" : Math.round(value).toLocaleString("en");
const ms = ({ p50Ms, p99Ms }: LoadResult): string => `${p50Ms.toFixed(2)} / ${p99Ms.toFixed(1)}`;

/** The best of the rounds, each on a machine as quiet as can be had; keeps the busiest moment before one. */
let busiest = 0;
async function best<T extends { perSecond: number } | undefined>(work: () => Promise<T>): Promise<T> {
  const results: T[] = [];
  for (let round = 0; round < rounds; round += 1) {
    if (quietMs > 0) busiest = Math.max(busiest, await waitForQuiet(quietMs));
    results.push(await work());
  }
  return results.reduce((kept, result) => ((result?.perSecond ?? 0) > (kept?.perSecond ?? 0) ? result : kept));
}

interface Measured extends LoadResult {
  nodeUs: number;
  postgresUs: number;
}

/** One window of hooks, and the CPU time each of them took. */
async function measureOurs(servers: Servers, db: Database, window: Omit<Load, "port">): Promise<Measured> {
  await nodeCpuMs(servers);
  const before = await postgresCpuMs(db);
  const result = await load({ port: servers.ours, ...window });
  const hooks = (result.perSecond * window.durationMs) / 1_000;
  const nodeUs = Math.round((1_000 * (await nodeCpuMs(servers))) / hooks);
  return { ...result, nodeUs, postgresUs: Math.round((1_000 * ((await postgresCpuMs(db)) - before)) / hooks) };
}

async function measureSize(
  servers: Servers,
  { db, url, sessionId }: { db: Database; url: string; sessionId: string },
  size: number,
): Promise<void> {
  const row = { sessionId, input: JSON.stringify(INPUT), result: outputText(size - 500) };
  const copy = await best(() => copyRows(url, row, COPIED_ROWS[size] ?? 1_000));
  for (const connections of CONNECTIONS) {
    busiest = 0;
    const window = () => ({ connections, durationMs: seconds * 1_000, request: requests(size, connections) });
    await load({ port: servers.ours, ...window(), durationMs: 1_000 });
    const ours = await best(() => measureOurs(servers, db, window()));
    const raw = await best(() => load({ port: servers.raw, ...window() }));
    const pgbench = await best(() => pgbenchInserts(url, row, { clients: connections, seconds }));
    const share = (of: number | undefined): string =>
      of === undefined ? "" : ` (${Math.round((100 * ours.perSecond) / of)} %)`;
    const columns = [
      `${size / 1_024} KB`,
      connections,
      `**${whole(ours.perSecond)}**`,
      ms(ours),
      `${ours.nodeUs} / ${ours.postgresUs}`,
      whole(raw.perSecond) + share(raw.perSecond),
      whole(pgbench?.perSecond) + share(pgbench?.perSecond),
      whole(copy?.perSecond) + share(copy?.perSecond),
      ours.failed,
      `${Math.round(100 * busiest)} %`,
    ];
    console.log(`| ${columns.join(" | ")} |`);
  }
}

async function prepare(db: Database): Promise<string> {
  await migrate(db, resolve(import.meta.dirname, "../../sql"));
  if (values["without-word-index"]) await sql`drop index command_logs_words`.execute(db);
  await sql`insert into workers (id, hostname, pid, version, slots) values ('bench', 'bench', 1, '0', 1) on conflict do nothing`.execute(
    db,
  );
  const { rows } = await sql<{ id: string }>`
    insert into sessions (title, project_type, worker_id) values ('bench', 'local', 'bench') returning id`.execute(db);
  return rows[0]?.id ?? "";
}

await using parts = new AsyncDisposableStack();
const dataDir = await mkdtemp(join(tmpdir(), "hook-bench-"));
await chmod(dataDir, 0o711);
parts.defer(() => rm(dataDir, { recursive: true, force: true }));
const url =
  process.env["TEST_DATABASE_URL"] ??
  parts.use(await startEmbeddedPostgres({ dataDir, log: createLogger("warn") })).connectionString;
const db = parts.adopt(createDatabase(url), (database) => database.destroy());
const sessionId = await prepare(db);
const servers = parts.adopt(await startServers(url), async ({ child }) => {
  child.disconnect();
  await once(child, "exit");
});

const { rows } = await sql<{ version: string }>`select current_setting('server_version') as version`.execute(db);
console.log(
  `${cpus().length} cores, Node ${process.version}, PostgreSQL ${rows[0]?.version}, windows of ${seconds} s${values["without-word-index"] ? ", without the word index" : ""}\n`,
);
if (!values.steady) {
  console.log(
    "| body | connections | hooks/s | p50 / p99 ms | CPU us each, Node / PostgreSQL | node:http that parses and drops | pgbench prepared inserts | COPY, one connection | failed | busy before |",
  );
  console.log("|-|-|-|-|-|-|-|-|-|-|");
  for (const size of SIZES) await measureSize(servers, { db, url, sessionId }, size);
}
for (const size of SIZES) {
  const steady = await best(() =>
    load({
      port: servers.ours,
      connections: 8,
      durationMs: seconds * 1_000,
      perSecond: 100,
      request: requests(size, 8),
    }),
  );
  console.log(`\n${size / 1_024} KB at ${Math.round(steady.perSecond)}/s: p50 / p99 ${ms(steady)} ms`);
}
