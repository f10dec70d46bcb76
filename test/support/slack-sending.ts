import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { createChannelLimiter } from "../../src/channels/slack/channel-limiter.ts";
import { openLiveProgress } from "../../src/channels/slack/live-progress.ts";
import { createSlackChannel } from "../../src/channels/slack/slack-channel.ts";
import { createSlackClients } from "../../src/channels/slack/slack-clients.ts";
import type { RunFinished } from "../../src/contract/delivery.ts";
import type { Database } from "../../src/db/database.ts";
import { openListener } from "../../src/db/notify.ts";
import type { Channel, Outgoing, OutgoingFiles } from "../../src/deliveries/channel.ts";
import { createLogger } from "../../src/lib/logger.ts";
import { insertMessage } from "../../src/messages/message-queries.ts";
import { appendEvents } from "../../src/sessions/event-queries.ts";
import { createEventService } from "../../src/sessions/event-service.ts";
import { openFeed } from "../../src/sessions/feed.ts";
import { testDatabase } from "./database.ts";
import { startFakeSlack, type FakeSlack, type FakeSlackOptions } from "./fake-slack/fake-slack.ts";
import { makeMessage, type FakeTeam } from "./fake-slack/state.ts";
import { insertSession } from "./outbox.ts";

const log = createLogger("silent");

/** What a process must know of a Slack to speak in it. */
export interface KnownSlack {
  apiUrl: string;
  teams: ReadonlyMap<string, Pick<FakeTeam, "id" | "name" | "botUserId" | "botToken">>;
}

const installation = ({ id, name, botUserId, botToken }: Pick<FakeTeam, "id" | "name" | "botUserId" | "botToken">) => ({
  teamId: id,
  teamName: name,
  botUserId,
  botToken,
});

/** The workspaces of a fake Slack, as our own table of installations would tell them. */
const installationsOf = ({ teams }: KnownSlack) => ({
  find: (teamId: string) => {
    const team = teams.get(teamId);
    return Promise.resolve(team && installation(team));
  },
  list: () => Promise.resolve([...teams.values()].map(installation)),
});

/** What a process of ours has that speaks in Slack. */
export function startSpeaker(db: Database, slack: KnownSlack, { backgroundTimeoutMs = 12_000 } = {}) {
  const installations = installationsOf(slack);
  const clients = createSlackClients({ apiUrl: slack.apiUrl, installations, backgroundTimeoutMs });
  const parts = { db, clients, limiter: createChannelLimiter(), log, baseUrl: () => "http://console.test" };
  return { ...parts, channel: createSlackChannel(parts) };
}

/** A ledger, a fake Slack, and one speaker. */
export async function slackBench(options: FakeSlackOptions = {}) {
  await using parts = new AsyncDisposableStack();
  const database = parts.use(await testDatabase());
  const slack = parts.use(await startFakeSlack(options));
  const speaker = startSpeaker(database.db, slack);
  const owned = parts.move();
  return { ...database, slack, speaker, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** The same, and somebody who asked in #general: the thread, and the run that answers. */
export async function askedBench(options: FakeSlackOptions = {}) {
  const bench = await slackBench(options);
  const { db, slack, speaker } = bench;
  const threadTs = personSays(slack);
  const thread = await insertThread(db, { threadTs });
  const runId = await insertRun(db, thread);
  return {
    ...bench,
    threadTs,
    thread,
    runId,
    /** What stands below the question. */
    replies: () => slack.messages("CGENERAL1", threadTs).slice(1),
    /** One attempt at the answer of a run, the first one's unless another is given. */
    send: async (answer: string, more: Partial<Parameters<typeof answerOf>[2]> = {}) =>
      speaker.channel.send(await answerOf(db, thread, { runId, answer, ...more }), new AbortController().signal),
  };
}

/** The live messages of a process, until it is disposed of. */
export async function startLive(bench: { db: Database; connectionString: string; slack: KnownSlack }) {
  await using parts = new AsyncDisposableStack();
  const listener = parts.use(await openListener(bench.connectionString, log));
  const feed = parts.use(await openFeed({ db: bench.db, listener, log }));
  const speaker = startSpeaker(bench.db, bench.slack);
  parts.use(openLiveProgress({ ...speaker, events: createEventService({ db: bench.db, feed }), holder: "test" }));
  const owned = parts.move();
  return { [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

export interface TestThread {
  sessionId: string;
  threadId: string;
  channel: string;
}

/** A session with a thread; without `threadTs` the thread is only wished for. */
export async function insertThread(
  db: Database,
  place: { team?: string; channel?: string; threadTs?: string | null } = {},
): Promise<TestThread> {
  const { team = "T0000000001", channel = "CGENERAL1", threadTs = null } = place;
  const sessionId = await insertSession(db);
  const { id } = await db
    .insertInto("slackThreadMapping")
    .values({ team, channel, threadTs, sessionId })
    .returning("id")
    .executeTakeFirstOrThrow();
  return { sessionId, threadId: id, channel };
}

/** A person's message in a fake Slack, as the beginning of a thread. */
export function personSays(slack: FakeSlack, channel = "CGENERAL1"): string {
  const ts = `${Math.floor(Date.now() / 1000) - 2}.${String(Math.floor(Math.random() * 1e6)).padStart(6, "0")}`;
  const team = slack.team();
  team.messages.push(makeMessage(team, { channel, ts, user: "UALICE1", text: "do it" }, Date.now()));
  return ts;
}

/** A run that is on, asked for by somebody in Slack. */
export async function insertRun(
  db: Database,
  { sessionId, channel }: TestThread,
  {
    status = "running",
    number = 1,
    asker = "UALICE1",
  }: { status?: string; number?: number; asker?: string | null } = {},
): Promise<string> {
  const asked = await insertMessage(db, { sessionId, direction: "inbound", source: "slack", content: "?" });
  const { id } = await db
    .insertInto("runs")
    .values({ sessionId, messageId: asked.id, number, status, startedAt: status === "running" ? new Date() : null })
    .returning("id")
    .executeTakeFirstOrThrow();
  if (asker !== null)
    await db
      .insertInto("slackPosts")
      .values({
        team: "T0000000001",
        channel,
        ts: `1.${Date.now()}`,
        threadTs: "1.1",
        userId: asker,
        decision: "{}",
        sessionId,
        messageId: asked.id,
        handledAt: new Date(),
      })
      .execute();
  await appendEvents(db, sessionId, [
    { type: "run", key: `run:${id}`, runId: id, data: { runId: id, number, status } },
  ]);
  return id;
}

export async function endRun(db: Database, sessionId: string, runId: string, status = "succeeded"): Promise<void> {
  await db
    .updateTable("runs")
    .set({ status, reason: status === "succeeded" ? "success" : "stopped", finishedAt: new Date() })
    .where("id", "=", runId)
    .execute();
  await appendEvents(db, sessionId, [{ type: "run", key: `run:${runId}`, runId, data: { runId, status } }]);
}

/** Claude says or does something, as the recorder writes it. */
export const tell = {
  text: (db: Database, sessionId: string, runId: string, { key, text }: { key: string; text: string }) =>
    appendEvents(db, sessionId, [
      { type: "text", key: `text:${key}`, runId, data: { text, final: false, agent: null } },
    ]),
  tool: (db: Database, sessionId: string, runId: string, { id, status = "running" }: { id: string; status?: string }) =>
    appendEvents(db, sessionId, [
      { type: "tool", key: `tool:${id}`, runId, data: { tool: "Bash", summary: `run ${id}`, status, agentId: null } },
    ]),
};

const nothing = { files: [], refused: [] };

/** The end of a run as the outbox hands it over. */
export async function answerOf(
  db: Database,
  { sessionId, threadId }: TestThread,
  given: { runId: string; answer: string; more?: Partial<RunFinished>; carried?: Partial<OutgoingFiles> },
): Promise<Outgoing> {
  const { runId, answer, more, carried } = given;
  const deliveryId = randomUUID();
  const session = `http://console.test/sessions/${sessionId}`;
  const body: RunFinished = {
    eventId: deliveryId,
    type: "run.finished",
    sessionId,
    runId,
    status: "succeeded",
    reason: "success",
    answer,
    error: null,
    structuredOutput: null,
    costUsd: 0.0421,
    usage: null,
    turns: 2,
    durationMs: 65_000,
    metadata: {},
    diff: { files: 1, added: 2, removed: 3 },
    links: { session, run: session, dashboard: session },
    timestamp: new Date().toISOString(),
    ...more,
  };
  await db
    .insertInto("deliveries")
    .values({
      id: deliveryId,
      sessionId,
      runId,
      key: deliveryId,
      kind: "slack",
      topic: "run.finished",
      address: threadId,
      threadKey: `slack:${threadId}`,
      deadline: new Date(Date.now() + 3_600_000),
    })
    .execute();
  return {
    deliveryId,
    sessionId,
    runId,
    messageId: null,
    address: threadId,
    threadKey: `slack:${threadId}`,
    attempt: 1,
    body,
    files: () => Promise.resolve({ text: answer, ...nothing, ...carried }),
  };
}

/** Tries as the outbox does, until it is out; how the attempts ended. */
export async function sendUntilOut(channel: Channel, outgoing: Outgoing): Promise<string[]> {
  const ends: string[] = [];
  while (ends.length < 20) {
    const outcome = await channel.send({ ...outgoing, attempt: ends.length + 1 }, new AbortController().signal);
    ends.push(outcome.is);
    if (outcome.is === "delivered") return ends;
    await sleep(Math.max(100, outcome.is === "not_now" ? (outcome.retryAfterMs ?? 0) : 0));
  }
  throw new Error(`not delivered in 20 attempts: ${ends.join(", ")}`);
}

/** Waits for something to become true; fails with what it last was. */
export async function until<T>(
  what: string,
  look: () => T | undefined | Promise<T | undefined>,
  ms = 20_000,
): Promise<T> {
  const deadline = performance.now() + ms;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadline) throw new Error(`waited ${ms} ms in vain for: ${what}`);
    await sleep(30);
  }
}
