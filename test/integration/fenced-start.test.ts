import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { attachClaude, type ClaudeProcess } from "../../src/claude/claude-process.ts";
import { createClaude, type Launched } from "../../src/claude/claude.ts";
import { readConfig } from "../../src/config.ts";
import { createLogger } from "../../src/lib/logger.ts";
import { beginAttempt } from "../../src/runs/attempt-queries.ts";
import { LeaseLost, takeLease, type Lease } from "../../src/runs/lease-queries.ts";
import { createRunControl } from "../../src/runs/run-control.ts";
import { findDueRun, queueRun } from "../../src/runs/run-queries.ts";
import { startRun } from "../../src/runs/start-run.ts";
import { upsertWorker } from "../../src/runs/worker-queries.ts";
import { insertWorkspace } from "../../src/workspaces/workspace-queries.ts";
import { createWorkspaceService } from "../../src/workspaces/workspace-service.ts";
import { testEnvironment } from "../support/app.ts";
import { testDatabase } from "../support/database.ts";

const log = createLogger("silent");

/** A run with its attempt in a ledger of its own, and what starting it needs; Claude itself is never started. */
async function openStart() {
  await using parts = new AsyncDisposableStack();
  const { db } = parts.use(await testDatabase());
  const folder = await mkdtemp(join(tmpdir(), "orch-fence-"));
  parts.defer(() => rm(folder, { recursive: true, force: true }));
  await upsertWorker(db, { id: "one", hostname: "here", pid: 1, version: "0", slots: 1 });
  const session = await db
    .insertInto("sessions")
    .values({ title: "t", projectType: "local", projectPath: folder, workerId: "one" })
    .returningAll()
    .executeTakeFirstOrThrow();
  const sessionId = session.id;
  const config = readConfig(testEnvironment(folder, {}));
  const workspaces = createWorkspaceService({ db, config: config.workspaces, log });
  await insertWorkspace(db, await workspaces.plan({ sessionId, projectType: "local", projectPath: folder }), sessionId);
  const message = await db
    .insertInto("sessionMessages")
    .values({ sessionId, direction: "inbound", source: "api", content: "x" })
    .returning("id")
    .executeTakeFirstOrThrow();
  const { runId } = await queueRun(db, session, message.id);
  const due = await findDueRun(db, sessionId);
  if (!due) throw new Error("no run was queued");
  const attempt = await db
    .transaction()
    .execute((tx) => beginAttempt(tx, due.run, { workerId: "one", runDir: join(folder, "run") }));
  const processId = randomUUID();
  const take = async (): Promise<Lease> => {
    const lease = await takeLease(db, { sessionId, workerId: "one", processId });
    if (!lease) throw new Error("the lease was not given");
    return lease;
  };
  let launches = 0;
  let released = 0;

  async function start(lease: Lease, whileStarting: () => Promise<unknown>) {
    if (!attempt || !due) throw new Error("no attempt was begun");
    const claude = {
      ...createClaude({ config: config.claude, claudeDir: config.runs.claudeDir, hookUrl: () => "http://127.0.0.1:1" }),
      async launch(): Promise<Launched> {
        launches += 1;
        await whileStarting();
        const dead = await attachClaude(join(folder, "run"), undefined);
        const identity = { pid: 1, startTime: "1", bootId: "b" };
        const process: ClaudeProcess = { ...dead, identity, release: () => (released += 1) };
        return { process, version: "0", untested: false };
      },
    };
    const control = createRunControl({ db, log }, { runId, deadline: new Date(Date.now() + 60_000) });
    const actor = { db, log, claude, workspaces, config: config.runs, nudge: () => Promise.resolve(), workerId: "one" };
    return startRun(actor, due.run, { attempt, lease, control });
  }
  const kept = parts.move();
  return {
    db,
    runId,
    take,
    start,
    counts: () => ({ launches, released }),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

test("a run is not started by an actor whose lease another one has, and its hook token stays", async () => {
  await using it = await openStart();
  const stale = await it.take();
  await it.take();
  await expect(it.start(stale, () => Promise.resolve())).rejects.toThrow(LeaseLost);
  expect(it.counts()).toEqual({ launches: 0, released: 0 });
  const run = await it.db.selectFrom("runs").select("tokenHash").where("id", "=", it.runId).executeTakeFirst();
  expect(run?.tokenHash).toBeNull();
});

test("a process that was started while the lease went to another actor is let go of and not written down", async () => {
  await using it = await openStart();
  await expect(it.start(await it.take(), it.take)).rejects.toThrow(LeaseLost);
  expect(it.counts()).toEqual({ launches: 1, released: 1 });
  const attempt = await it.db.selectFrom("attempts").select("pid").where("runId", "=", it.runId).executeTakeFirst();
  expect(attempt?.pid).toBeNull();
});
