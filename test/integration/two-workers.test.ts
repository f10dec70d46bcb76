import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findMarkedProcesses, signal } from "../../src/claude/marked-processes.ts";
import type { Message, PostedMessage } from "../../src/contract/message.ts";
import type { Run } from "../../src/contract/run.ts";
import type { Session } from "../../src/contract/session.ts";
import { newFolder, openCluster, type Cluster } from "../kill/cluster.ts";
import { forgottenLines, inspect, openSites, readLines, sendJobs, untilRested, type Worksite } from "../kill/round.ts";
import { hasPostgres15 } from "../support/killable-postgres.ts";
import { jobAnswer, jobPrompt } from "../support/line-jobs.ts";
import { requirePeer } from "../support/peers.ts";

const NOTICED_MS = 20_000;

/** Until then the model refuses prompts that say LIMITED. */
let limitEnds = 0;

let cluster: Cluster;
const there = requirePeer("PostgreSQL 15", hasPostgres15, "apt-get install postgresql-15");
beforeAll(async () => {
  if (!there) return;
  cluster = await openCluster({ RUN_RETRY_PACE: "0.05" }, [
    ({ text }) => {
      const asked = /LIMITED \d+/.exec(text)?.[0];
      if (asked === undefined) return undefined;
      const message = `Claude usage limit reached|${limitEnds}`;
      return Date.now() < limitEnds * 1000 ? { error: { status: 429, message } } : { text: `${asked} went on` };
    },
  ]);
}, 120_000);
afterAll(() => cluster?.[Symbol.asyncDispose](), 60_000);

async function linesBegin(sites: readonly Worksite[]): Promise<void> {
  for (const site of sites) await expect.poll(() => readLines(site), { timeout: 60_000 }).not.toEqual([]);
}

const ownerOf = async ({ sessionId }: Worksite) =>
  (await cluster.db.selectFrom("sessions").select("workerId").where("id", "=", sessionId).executeTakeFirstOrThrow())
    .workerId;

/** When the session's newest lease was given or renewed. */
const ledSince = async ({ sessionId }: Worksite): Promise<number> => {
  const row = await cluster.db
    .selectFrom("sessionLeases")
    .select("expiresAt")
    .where("sessionId", "=", sessionId)
    .executeTakeFirst();
  return (row?.expiresAt.getTime() ?? 0) - 15_000;
};

const clean = { lost: [], doubled: [], untrue: [], left: 0 };

test(
  "what a killed worker had under way is finished by the other one, and the conversation goes on there",
  { timeout: 240_000 },
  async () => {
    const sites = await openSites(cluster, "taken-over", ["worker", "worker"]);
    const server = await cluster.workerId("serve");
    await sendJobs(cluster, sites);
    await linesBegin(sites);
    const killedAt = Date.now();
    await cluster.kill("worker");
    await expect
      .poll(async () => Promise.all(sites.map(ownerOf)), { timeout: NOTICED_MS, interval: 50 })
      .toEqual(sites.map(() => server));
    await expect
      .poll(async () => Math.min(...(await Promise.all(sites.map(ledSince)))) > killedAt, { timeout: 5_000 })
      .toBe(true);
    await untilRested(cluster, sites);
    expect(await inspect(cluster, sites, new Map())).toMatchObject(clean);

    const [site] = sites;
    if (!site) throw new Error("no site was opened");
    const more = { label: "afterwards", from: 7, to: 8, callMs: 100, file: "lines" };
    const wider = { ...site, jobs: [...site.jobs, more] };
    await cluster.call(`/api/sessions/${site.sessionId}/messages`, { content: jobPrompt(more) });
    await untilRested(cluster, [wider]);
    expect(await inspect(cluster, [wider], new Map())).toMatchObject(clean);
    await cluster.start("worker");
  },
);

test(
  "a worker that goes down together with its Claude leaves the conversation to the other one",
  { timeout: 240_000 },
  async () => {
    const sites = await openSites(cluster, "both-gone", ["worker"]);
    await sendJobs(cluster, sites);
    await linesBegin(sites);
    const { items } = await cluster.call<{ items: Run[] }>(`/api/sessions/${sites[0]?.sessionId}/runs`);
    const open = new Map<string, Set<number>>();
    await cluster.kill("worker");
    const lives = items.map(({ runId }) => runId);
    for (const life of lives) for (const { pid } of await findMarkedProcesses(life)) signal(pid, "SIGKILL");
    for (const site of sites) open.set(site.sessionId, await forgottenLines(cluster, site, lives));
    await untilRested(cluster, sites);
    expect(await inspect(cluster, sites, open)).toMatchObject(clean);
    await cluster.start("worker");
  },
);

test("ten runs that a usage limit parked go on once each when it ends", { timeout: 240_000 }, async () => {
  limitEnds = Math.floor(Date.now() / 1000) + 25;
  const ids = await Promise.all(
    Array.from({ length: 10 }, async (_, index) => {
      const projectPath = await newFolder(cluster, `limited-${index}`);
      const { sessionId } = await cluster.call<Session>("/api/sessions", { projectType: "local", projectPath });
      const workerId = await cluster.workerId(index % 2 === 0 ? "serve" : "worker");
      await cluster.db.updateTable("sessions").set({ workerId }).where("id", "=", sessionId).execute();
      await cluster.call(`/api/sessions/${sessionId}/messages`, { content: `LIMITED ${index}` });
      return sessionId;
    }),
  );
  const statuses = async () =>
    (await Promise.all(ids.map((id) => cluster.call<Session>(`/api/sessions/${id}`)))).map(({ status }) => status);
  await expect.poll(statuses, { timeout: 24_000 }).toEqual(ids.map(() => "waiting"));
  expect(Date.now(), "all were parked before the limit ended").toBeLessThan(limitEnds * 1000);
  await expect.poll(statuses, { timeout: 90_000, interval: 250 }).toEqual(ids.map(() => "completed"));
  for (const [index, id] of ids.entries()) {
    const { items } = await cluster.call<{ items: Message[] }>(`/api/sessions/${id}/messages`);
    expect(items.filter(({ direction }) => direction === "outbound").map(({ content }) => content)).toEqual([
      `LIMITED ${index} went on`,
    ]);
    const { items: runs } = await cluster.call<{ items: Run[] }>(`/api/sessions/${id}/runs`);
    expect(
      runs.map(({ attempts }) => attempts.filter(({ reason }) => reason !== "usage_limit").map(({ reason }) => reason)),
    ).toEqual([["success"]]);
    const asked = cluster.model.requests.filter(({ sessionId, at }) => sessionId === id && at >= limitEnds * 1000);
    expect(asked).toHaveLength(1);
  }
});

test(
  "a message that is delivered five times within an hour, over a kill of the server, is one run and one answer",
  { timeout: 120_000 },
  async () => {
    const projectPath = await newFolder(cluster, "five-times");
    const { sessionId } = await cluster.call<Session>("/api/sessions", { projectType: "local", projectPath });
    const job = { label: "five-times", from: 1, to: 1, callMs: 500, file: "lines" };
    const post = () =>
      cluster.call<PostedMessage>(`/api/sessions/${sessionId}/messages`, { content: jobPrompt(job) }, "delivery-5");
    const first = await post();
    for (const seconds of [14, 60, 368, 3_600]) {
      await cluster.db
        .updateTable("inbox")
        .set({ receivedAt: sql<Date>`now() - make_interval(secs => ${seconds})` })
        .where("externalId", "=", "delivery-5")
        .execute();
      if (seconds === 60) {
        await cluster.kill("serve");
        await cluster.start("serve");
      }
      expect(await post()).toEqual(first);
    }
    const site = { sessionId, file: `${projectPath}/lines`, jobs: [job] };
    await untilRested(cluster, [site]);
    expect(await inspect(cluster, [site], new Map())).toMatchObject({ ...clean, runs: 1 });
    const { items } = await cluster.call<{ items: Message[] }>(`/api/sessions/${sessionId}/messages`);
    expect(items.map(({ content }) => content).toReversed()).toEqual([jobPrompt(job), jobAnswer(job)]);
  },
);
