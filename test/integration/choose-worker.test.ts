import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Session } from "../../src/contract/session.ts";
import { openCluster, REPOSITORY, type Cluster } from "../kill/cluster.ts";
import { hasPostgres15 } from "../support/killable-postgres.ts";
import { jobPrompt, type LineJob } from "../support/line-jobs.ts";
import { requirePeer } from "../support/peers.ts";

/** A worker that is silent for 15 s counts as gone. */
const GONE_MS = 25_000;

let cluster: Cluster;
const there = requirePeer("PostgreSQL 15", hasPostgres15, "apt-get install postgresql-15");
beforeAll(async () => {
  if (there) cluster = await openCluster({ RUN_RETRY_PACE: "0.05" });
}, 120_000);
afterAll(() => cluster?.[Symbol.asyncDispose](), 60_000);

/** A new session in a clone, with work of some seconds; sessions are opened one after the other. */
async function open(label: string): Promise<Session> {
  const job: LineJob = { label, from: 1, to: 2, callMs: 1_500, file: "lines" };
  return cluster.call<Session>("/api/sessions", {
    projectType: "github",
    githubRepo: REPOSITORY,
    initialPrompt: jobPrompt(job),
  });
}

const ownerOf = async ({ sessionId }: Session) => {
  const query = cluster.db.selectFrom("sessions").select("workerId").where("id", "=", sessionId);
  return (await query.executeTakeFirstOrThrow()).workerId;
};

async function untilDone(sessions: readonly Session[]): Promise<void> {
  for (const { sessionId, workspacePath } of sessions) {
    const status = async () => (await cluster.call<Session>(`/api/sessions/${sessionId}`)).status;
    await expect.poll(status, { timeout: 90_000, interval: 200 }).toBe("completed");
    expect(await readFile(join(workspacePath ?? "", "lines"), "utf8")).toBe("1\n2\n");
  }
}

test(
  "new sessions in clones go to the worker with the most room, and are carried out there",
  { timeout: 120_000 },
  async () => {
    const sessions: Session[] = [];
    for (const label of ["one", "two", "three", "four"]) sessions.push(await open(label));
    const [server, worker] = [await cluster.workerId("serve"), await cluster.workerId("worker")];
    expect(await Promise.all(sessions.map(ownerOf)), "the asked one first, then in turn").toEqual([
      server,
      worker,
      server,
      worker,
    ]);
    await untilDone(sessions);
    const attempts = await cluster.db
      .selectFrom("attempts")
      .innerJoin("runs", "runs.id", "attempts.runId")
      .select(["runs.sessionId", "attempts.workerId"])
      .execute();
    expect(Object.fromEntries(attempts.map(({ sessionId, workerId }) => [sessionId, workerId]))).toEqual(
      Object.fromEntries(sessions.map(({ sessionId }, index) => [sessionId, index % 2 === 0 ? server : worker])),
    );
  },
);

test(
  "a session that was given to a worker that is gone is done by the other one, and no more are given to it",
  { timeout: 180_000 },
  async () => {
    const [server, worker] = [await cluster.workerId("serve"), await cluster.workerId("worker")];
    await cluster.kill("worker");
    const unnoticed = [await open("five"), await open("six")];
    expect(await Promise.all(unnoticed.map(ownerOf))).toEqual([server, worker]);
    await expect.poll(() => Promise.all(unnoticed.map(ownerOf)), { timeout: GONE_MS }).toEqual([server, server]);
    const later = [await open("seven"), await open("eight")];
    expect(await Promise.all(later.map(ownerOf))).toEqual([server, server]);
    await untilDone([...unnoticed, ...later]);
  },
);
