import { randomUUID } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Database } from "../../src/db/database.ts";
import { createLogger, type Logger } from "../../src/lib/logger.ts";
import type { PlanInput, WorkspaceConfig } from "../../src/workspaces/workspace-config.ts";
import { findWorkspace, insertWorkspace } from "../../src/workspaces/workspace-queries.ts";
import { createWorkspaceService } from "../../src/workspaces/workspace-service.ts";
import { testDatabase } from "./database.ts";
import { temporaryFolder } from "./git.ts";

export type WorkspaceHouse = Awaited<ReturnType<typeof openWorkspaceHouse>>;

const WORKER = "worker-test";
export const NEVER = new AbortController().signal;

/** A workspace service with a database, a base and a data directory of its own. */
export async function openWorkspaceHouse(change: Partial<WorkspaceConfig> = {}) {
  await using parts = new AsyncDisposableStack();
  const { db, connectionString } = parts.use(await testDatabase());
  const { path: root } = parts.use(await temporaryFolder());
  const config: WorkspaceConfig = {
    base: join(root, "workspaces"),
    projectRoots: [],
    dataDir: join(root, "data"),
    githubBaseUrl: "https://github.com",
    loopback: true,
    environment: { PATH: process.env["PATH"], HOME: join(root, "home") },
    ...change,
  };
  await mkdir(join(root, "home"));
  const log = createLogger("silent");
  await db.insertInto("workers").values({ id: WORKER, hostname: "test", pid: 1, version: "0", slots: 1 }).execute();
  const kept = parts.move();
  return {
    root,
    db,
    connectionString,
    config,
    /** A service anew, as after a restart. */
    openService: (more: Partial<WorkspaceConfig> = {}, otherLog: Logger = log) =>
      createWorkspaceService({ db, config: { ...config, ...more }, log: otherLog }),
    service: createWorkspaceService({ db, config, log }),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** Records a session with its planned workspace, as the session service does. */
export async function addSession(
  { db, service }: Pick<WorkspaceHouse, "db" | "service">,
  input: Omit<PlanInput, "sessionId">,
): Promise<{ sessionId: string; path: string; workBranch: string | null }> {
  const sessionId = randomUUID();
  const plan = await service.plan({ sessionId, ...input });
  await insertSession(db, sessionId, input);
  await insertWorkspace(db, plan, sessionId);
  return { sessionId, path: plan.path, workBranch: plan.workBranch };
}

const insertSession = (db: Database, id: string, input: Omit<PlanInput, "sessionId">) =>
  db
    .insertInto("sessions")
    .values({ id, title: "A session", projectType: input.projectType, branch: input.branch ?? null, workerId: WORKER })
    .execute();

export async function stateOf({ db }: Pick<WorkspaceHouse, "db">, sessionId: string) {
  const row = await findWorkspace(db, sessionId);
  if (!row) throw new Error(`no workspace of ${sessionId}`);
  return { state: row.state, error: row.error, baseCommit: row.baseCommit };
}
