import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { withDatabase } from "./database-url.ts";

const WAIT_MS = 60_000;

export interface Execution {
  id: string;
  workflowId: string;
  status: "new" | "running" | "waiting" | "success" | "error" | "crashed" | "canceled" | "unknown";
  /** What it went through, as n8n keeps it: for messages of failing tests. */
  data: string;
}

/** A database of its own for an n8n, and what tests look up in it. */
export interface N8nDatabase extends AsyncDisposable {
  url: string;
  /** Oldest first; of one workflow, or all. */
  executions(workflowId?: string): Promise<Execution[]>;
  /** The newest execution of a workflow once there are `count` of them and it is in this state. */
  execution(workflowId: string, status: Execution["status"], count?: number): Promise<Execution>;
  /** How many workflows were published; throws what went wrong with one of them. */
  published(): Promise<number>;
}

export async function openN8nDatabase(adminUrl: string): Promise<N8nDatabase> {
  const name = `n8n_${randomUUID().slice(0, 8)}`;
  const admin = new pg.Client({ connectionString: adminUrl });
  await admin.connect();
  await admin.query(`create database ${name}`);
  const url = withDatabase(adminUrl, name);
  const pool = new pg.Pool({ connectionString: url, max: 1 });
  pool.on("error", () => undefined);

  const executions: N8nDatabase["executions"] = async (workflowId) => {
    const { rows } = await pool.query<Execution>(
      `select e.id::text, e."workflowId", e.status, coalesce(d.data, '') as data from execution_entity e
       left join execution_data d on d."executionId" = e.id
       where $1::text is null or e."workflowId" = $1 order by e.id`,
      [workflowId ?? null],
    );
    return rows;
  };

  return {
    url,
    executions,
    async execution(workflowId, status, count = 1) {
      for (const deadline = Date.now() + WAIT_MS; ; await sleep(50)) {
        const all = await executions(workflowId);
        const last = all.at(-1);
        if (all.length >= count && last?.status === status) return last;
        if (Date.now() > deadline)
          throw new Error(`${workflowId}: ${all.map((one) => one.status).join()}, not ${status}\n${last?.data}`);
      }
    },
    async published() {
      const { rows } = await pool.query<{ workflowId: string; status: string; errorMessage: string | null }>(
        `select "workflowId", status, "errorMessage" from workflow_publication_outbox`,
      );
      const broken = rows.find(({ status }) => status === "failed" || status === "partial_success");
      if (broken) throw new Error(`${broken.workflowId} could not be published: ${broken.errorMessage}`);
      return rows.filter(({ status }) => status === "completed").length;
    },
    async [Symbol.asyncDispose]() {
      await pool.end();
      await admin.query(`drop database ${name} with (force)`);
      await admin.end();
    },
  };
}

/** The variables that lead n8n to a database. */
export function connectionOf(connectionString: string): Record<string, string> {
  const url = new URL(connectionString);
  return {
    DB_TYPE: "postgresdb",
    DB_POSTGRESDB_HOST: url.searchParams.get("host") ?? url.hostname,
    DB_POSTGRESDB_PORT: url.port || "5432",
    DB_POSTGRESDB_DATABASE: url.pathname.slice(1),
    DB_POSTGRESDB_USER: decodeURIComponent(url.username),
    DB_POSTGRESDB_PASSWORD: decodeURIComponent(url.password),
  };
}
