import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { appendFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const FOLDERS = [
  "/usr/lib/postgresql/18/bin",
  "/usr/lib/postgresql/17/bin",
  "/usr/lib/postgresql/16/bin",
  "/usr/lib/postgresql/15/bin",
];

const findProgram = (name: string): string | undefined =>
  FOLDERS.map((folder) => join(folder, name)).find((path) => existsSync(path));

const copyField = (value: string): string =>
  value.replaceAll("\\", "\\\\").replaceAll("\t", "\\t").replaceAll("\n", "\\n");

export interface CeilingRow {
  sessionId: string;
  input: string;
  result: string;
}

export interface Ceiling {
  perSecond: number;
}

/** Rows a second of prepared single inserts into command_logs; undefined, with a line that says so, without pgbench. */
export async function pgbenchInserts(
  url: string,
  row: CeilingRow,
  { clients, seconds }: { clients: number; seconds: number },
) {
  const pgbench = findProgram("pgbench");
  if (pgbench === undefined) return missing("pgbench", "postgresql-contrib");
  const folder = await mkdtemp(join(tmpdir(), "hook-bench-"));
  try {
    const script = join(folder, "insert.sql");
    // pgbench sends its variables as parameters, so each row is sent and parsed as a real one is.
    await writeFile(
      script,
      `insert into command_logs (session_id, tool_use_id, tool, input, result, status, duration_ms)
       values ('${row.sessionId}', gen_random_uuid()::text, 'Bash', :input, :result, 'succeeded', 12);\n`,
    );
    const options = ["-n", "-M", "prepared", "-c", String(clients), "-j", "1", "-T", String(seconds)];
    const variables = ["-D", `input=${row.input}`, "-D", `result=${row.result}`];
    const { stdout } = await run(pgbench, [...options, ...variables, "-f", script, url]);
    return { perSecond: Number(/tps = ([\d.]+)/u.exec(stdout)?.[1]) };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Rows a second of one COPY of `count` rows into command_logs. */
export async function copyRows(url: string, row: CeilingRow, count: number): Promise<Ceiling | undefined> {
  const psql = findProgram("psql");
  if (psql === undefined) return missing("psql", "postgresql-client");
  const folder = await mkdtemp(join(tmpdir(), "hook-bench-"));
  try {
    const file = join(folder, "rows.tsv");
    const tail = ["Bash", copyField(row.input), copyField(row.result), "succeeded", "12"].join("\t");
    for (let from = 0; from < count; from += 1_000) {
      const lines = Array.from(
        { length: Math.min(1_000, count - from) },
        (_, n) => `${row.sessionId}\tcopy-${Date.now()}-${from + n}\t${tail}\n`,
      );
      await appendFile(file, lines.join(""));
    }
    const command = `\\copy command_logs (session_id, tool_use_id, tool, input, result, status, duration_ms) from '${file}'`;
    const { stdout } = await run(psql, ["-X", "-c", "\\timing on", "-c", command, url]);
    return { perSecond: count / (Number(/Time: ([\d.]+) ms/u.exec(stdout)?.[1]) / 1_000) };
  } finally {
    await rm(folder, { recursive: true });
  }
}

function missing(program: string, debianPackage: string): undefined {
  console.log(`${program} is missing (apt-get install ${debianPackage}): its column is left out`);
}
