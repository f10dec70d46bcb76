import { randomUUID } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Scenario } from "../../demo/script-player.ts";
import type { ScriptedModel } from "../../demo/scripted-model.ts";
import { createDatabase, type Database } from "../../src/db/database.ts";
import { makeRemote, startGitHost, type GitHost } from "../support/git.ts";
import { startKillablePostgres, type KillablePostgres } from "../support/killable-postgres.ts";
import { lineJobs } from "../support/line-jobs.ts";
import { openServerPlace, type ServerPlace, type ServerProcess } from "../support/server-process.ts";

export type Role = "serve" | "worker";

/** What sessions of kind github clone, from a stand-in of a git host. */
export const REPOSITORY = "owner/kill";

const CALL_MS = 120_000;
const SERVER_AWAY_MS = 100;

export interface Cluster extends AsyncDisposable {
  folder: string;
  /** Where the process keeps what is its own. */
  dataDir(role: Role): string;
  model: ScriptedModel;
  postgres: KillablePostgres;
  db: Database;
  processes: Record<Role, ServerProcess>;
  workerId(role: Role): Promise<string>;
  /** SIGKILL, as when the machine's memory runs out. */
  kill(role: Role): Promise<void>;
  start(role: Role): Promise<void>;
  /** One request to the API, tried again until the server is back; writes carry a key, so that they count once. */
  call<T>(path: string, body?: object, key?: string): Promise<T>;
  /** The same with PUT, which may be said twice. */
  put(path: string, body: object): Promise<void>;
  /** Asks the ledger, again while the database is away. */
  ask<T>(question: (db: Database) => Promise<T>): Promise<T>;
}

/** Two processes of ours on one real PostgreSQL, each with a data directory of its own, all of which may be killed. */
export async function openCluster(
  values: Record<string, string> = {},
  scenarios: readonly Scenario[] = [],
): Promise<Cluster> {
  await using parts = new AsyncDisposableStack();
  const postgres = parts.use(await startKillablePostgres());
  const place = parts.use(await openServerPlace([lineJobs, ...scenarios]));
  const db = parts.adopt(createDatabase(postgres.connectionString, { max: 4 }), (one) => one.destroy());
  const { url: GITHUB_URL } = parts.use(await hostRepository(join(place.folder, "git")));
  const launch = (role: Role) =>
    place.start(valuesOf(place, role, { DATABASE_URL: postgres.connectionString, GITHUB_URL, ...values }), [role]);
  const processes = { serve: await launch("serve"), worker: await launch("worker") };
  parts.defer(() => processes.serve[Symbol.asyncDispose]());
  parts.defer(() => processes.worker[Symbol.asyncDispose]());
  const kept = parts.move();

  async function ask<T>(question: (from: Database) => Promise<T>): Promise<T> {
    for (const deadline = Date.now() + CALL_MS; ; await sleep(SERVER_AWAY_MS)) {
      try {
        return await question(db);
      } catch (error) {
        if (Date.now() > deadline) throw error;
      }
    }
  }

  const to = (path: string) => () => `${processes.serve.url}${path}`;

  return {
    folder: place.folder,
    dataDir: (role) => join(place.folder, role),
    model: place.model,
    postgres,
    db,
    processes,
    ask,
    async workerId(role) {
      const { pid } = processes[role];
      const { id } = await ask((from) =>
        from.selectFrom("workers").select("id").where("pid", "=", pid).executeTakeFirstOrThrow(),
      );
      return id;
    },
    async kill(role) {
      processes[role].signal("SIGKILL");
      await processes[role].exited();
    },
    async start(role) {
      processes[role] = await launch(role);
    },
    call: (path, body, key = randomUUID()) =>
      untilAnswered(to(path), body === undefined ? {} : written("POST", body, { "idempotency-key": key })),
    put: (path, body) => untilAnswered(to(path), written("PUT", body)),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function hostRepository(root: string): Promise<GitHost> {
  await mkdir(join(root, "owner"), { recursive: true });
  await makeRemote(join(root, `${REPOSITORY}.git`));
  return startGitHost(root);
}

const valuesOf = (place: ServerPlace, role: Role, values: Record<string, string>): Record<string, string> => ({
  DATA_DIR: join(place.folder, role),
  MAX_CONCURRENT_RUNS: "8",
  RATE_LIMIT_PER_MINUTE: "100000",
  ...values,
});

/** `url` may change from one try to the next: the server has another port after each start. */
async function untilAnswered<T>(url: () => string, init: RequestInit): Promise<T> {
  for (const deadline = Date.now() + CALL_MS; ; await sleep(SERVER_AWAY_MS)) {
    const answer = await fetch(url(), { ...init, signal: AbortSignal.timeout(10_000) }).catch(() => undefined);
    if (answer?.ok) return (await answer.json()) as T;
    // What the server refuses for good is a fault of the test; what it cannot do now, it can do later.
    if (answer && answer.status < 500 && answer.status !== 429)
      throw new Error(`${url()} answered ${answer.status}: ${await answer.text()}`);
    if (Date.now() > deadline) throw new Error(`${url()} was not answered for ${CALL_MS / 1000} s`);
  }
}

const written = (method: string, body: object, headers: Record<string, string> = {}): RequestInit => ({
  method,
  headers: { "content-type": "application/json", ...headers },
  body: JSON.stringify(body),
});

/** A folder below the cluster's, for a session to work in. */
export async function newFolder({ folder }: Pick<Cluster, "folder">, name: string): Promise<string> {
  const path = join(folder, "work", name);
  await mkdir(path, { recursive: true });
  return path;
}
