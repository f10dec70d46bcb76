import { createHash, randomUUID } from "node:crypto";
import { pino } from "pino";
import type { Database } from "../../src/db/database.ts";
import { createHookRoutes, createLogRoutes } from "../../src/hooks/hook-routes.ts";
import { openHookService, type HookLimits, type HookService } from "../../src/hooks/hook-service.ts";
import { findRunByToken } from "../../src/runs/run-queries.ts";
import { testDatabase } from "./database.ts";
import { startTestServer } from "./http-server.ts";

const WORKER_ID = "worker-1";

export interface HookServer extends AsyncDisposable {
  url: string;
  db: Database;
  connectionString: string;
  hooks: HookService;
  /** Posts a body (a text as it is) and gives the status and the text of the answer. */
  post: (
    body: unknown,
    options?: { path?: string; token?: string },
  ) => Promise<{ status: number; text: string; headers: Headers }>;
}

/** The hook routes behind the real HTTP server, on a database of their own. */
export async function startHookServer({ limits }: { limits?: HookLimits } = {}): Promise<HookServer> {
  const stack = new AsyncDisposableStack();
  const { db, connectionString } = stack.use(await testDatabase());
  await db.insertInto("workers").values({ id: WORKER_ID, hostname: "test", pid: 1, version: "0", slots: 1 }).execute();
  const hooks = stack.use(
    openHookService({
      db,
      connectionString,
      log: pino({ level: "silent" }),
      workerId: WORKER_ID,
      ...(limits && { limits }),
    }),
  );
  const server = stack.use(
    await startTestServer({
      hookRouters: [createHookRoutes({ hooks })],
      routers: [createLogRoutes({ hooks })],
      verifyRunToken: (hash) => findRunByToken(db, Buffer.from(hash, "hex")),
    }),
  );
  return {
    url: server.url,
    db,
    connectionString,
    hooks,
    async post(body, { path = "/api/hooks", token } = {}) {
      const response = await fetch(`${server.url}${path}`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
        },
        body: typeof body === "string" ? body : JSON.stringify(body),
      });
      return { status: response.status, text: await response.text(), headers: response.headers };
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** A session of ours with a workspace. */
export async function addSession(
  db: Database,
  { claudeSessionId = null, path }: { claudeSessionId?: string | null; path?: string } = {},
) {
  const { id } = await db
    .insertInto("sessions")
    .values({ title: "ours", projectType: "local", workerId: WORKER_ID, claudeSessionId })
    .returning("id")
    .executeTakeFirstOrThrow();
  if (path !== undefined)
    await db.insertInto("workspaces").values({ sessionId: id, kind: "local", path, state: "ready" }).execute();
  return id;
}

/** A run that is on, and the token its hooks carry. */
export async function addRunningRun(db: Database, sessionId: string) {
  const token = `orch_run_${randomUUID()}`;
  const message = await db
    .insertInto("sessionMessages")
    .values({ sessionId, direction: "inbound", content: "do it", source: "api" })
    .returning("id")
    .executeTakeFirstOrThrow();
  const { id: runId } = await db
    .insertInto("runs")
    .values({
      sessionId,
      messageId: message.id,
      number: 1,
      status: "running",
      tokenHash: createHash("sha256").update(token).digest(),
    })
    .returning("id")
    .executeTakeFirstOrThrow();
  await db.updateTable("sessions").set({ runCount: 1, status: "running" }).where("id", "=", sessionId).execute();
  return { runId, token };
}

/** What Claude posts after a successful call of Bash. */
export const toolHook = (claudeSessionId: string, more: object = {}) => ({
  session_id: claudeSessionId,
  cwd: "/home/dev/project",
  hook_event_name: "PostToolUse",
  tool_name: "Bash",
  tool_input: { command: "npm test" },
  tool_response: { stdout: "ok", stderr: "" },
  tool_use_id: "toolu_1",
  duration_ms: 12,
  ...more,
});
