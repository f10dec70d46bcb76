import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { EventPage, SessionEvent } from "../../src/contract/event.ts";
import { testApp, type TestApp } from "../support/app.ts";
import { readEvents } from "../support/event-stream.ts";
import { makeSessions, storedEvents, underLoad } from "../support/feed-load.ts";

const DISCONNECTS = 50;
const MAX_CONNECTIONS = DISCONNECTS + 30;

let app: TestApp;
beforeAll(async () => {
  app = await testApp();
});
afterAll(() => app[Symbol.asyncDispose]());

const stored = (sessionId: string) => storedEvents(app.db, sessionId);

/** Rows with a key, of which only the newest is left. */
const keyed = async (sessionId: string) =>
  (await stored(sessionId)).flatMap(({ key, seq }) => (key === null ? [] : [[key, seq] as const]));

/** The cursor behind all there is, found as a client would: page by page. */
async function feedEnd(): Promise<string> {
  for (let cursor = "0"; ;) {
    const { items, nextCursor } = await app.request(EventPage, `/api/events?after=${cursor}`);
    cursor = nextCursor ?? cursor;
    if (items.length < 500) return cursor;
  }
}

/** Long enough for all the breaks, and until the session has seen enough, however slow the machine is. */
async function enough(sessionId: string): Promise<void> {
  await sleep(4_000);
  await expect.poll(async () => (await stored(sessionId)).at(-1)?.seq, { timeout: 20_000 }).toBeGreaterThan(100);
}

interface Client {
  see: (event: SessionEvent) => void;
  lastId: string | undefined;
  resyncs: number;
}

/** Follows from the last id it saw, until the connection is broken off after `ms`. */
async function followFor(path: string, client: Client, ms: number): Promise<void> {
  const breaking = new AbortController();
  const timer = setTimeout(() => breaking.abort(), ms);
  try {
    const headers = client.lastId === undefined ? {} : { "last-event-id": client.lastId };
    for await (const { id, event, data } of readEvents(await app.fetch(path, { headers, signal: breaking.signal }))) {
      if (event === "event") client.see(SessionEvent.parse(JSON.parse(data)));
      if (event === "resync") client.resyncs += 1;
      client.lastId = id ?? client.lastId;
    }
  } catch (error) {
    if (!breaking.signal.aborted) throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** Breaks off at random moments, 50 times, and then goes on until all has arrived (or clearly will not). */
async function followWithBreaks(path: string, client: Client, done: () => Promise<boolean>): Promise<void> {
  for (let connection = 0; connection < DISCONNECTS; connection++)
    await followFor(path, client, 5 + Math.random() ** 2 * 150);
  for (let connection = DISCONNECTS; connection < MAX_CONNECTIONS; connection++) {
    await followFor(path, client, 300);
    if (await done()) return;
  }
}

test("one session's stream loses nothing and repeats nothing over 50 forced disconnects under load", async () => {
  const sessions = await makeSessions(app.db);
  const [sessionId = ""] = sessions;
  const seen: number[] = [];
  const latest = new Map<string, number>();
  const client: Client = {
    lastId: undefined,
    resyncs: 0,
    see({ seq, key }) {
      seen.push(seq);
      if (key !== null) latest.set(key, seq);
    },
  };
  let writing = true;
  const hasAll = async () => !writing && seen.at(-1) === (await stored(sessionId)).at(-1)?.seq;
  const follow = followWithBreaks(`/api/sessions/${sessionId}/events`, client, hasAll);
  await underLoad({ db: app.db, sessions }, () => enough(sessionId));
  writing = false;
  await follow;

  expect(seen, "in order, none twice").toEqual([...new Set(seen)].toSorted((a, b) => a - b));
  const had = new Set(seen);
  expect(
    (await stored(sessionId)).filter(({ seq }) => !had.has(seq)),
    "nothing lost",
  ).toEqual([]);
  expect([...latest]).toEqual(expect.arrayContaining(await keyed(sessionId)));
});

test("the stream of all sessions loses nothing over 50 forced disconnects under load", async () => {
  const sessions = await makeSessions(app.db);
  const [sessionId = ""] = sessions;
  const seen = new Set<string>();
  const latest = new Map<string, number>();
  const client: Client = {
    lastId: await feedEnd(),
    resyncs: 0,
    see(event) {
      seen.add(`${event.sessionId} ${event.seq}`);
      if (event.key !== null) latest.set(`${event.sessionId} ${event.key}`, event.seq);
    },
  };
  const missing = async () => {
    const all = await Promise.all(sessions.map(async (id) => (await stored(id)).map(({ seq }) => `${id} ${seq}`)));
    return all.flat().filter((name) => !seen.has(name));
  };
  let writing = true;
  const follow = followWithBreaks("/api/events", client, async () => !writing && (await missing()).length === 0);
  await underLoad({ db: app.db, sessions }, () => enough(sessionId));
  writing = false;
  await follow;

  expect(await missing(), "nothing lost").toEqual([]);
  expect(client.resyncs, "nobody was away too long").toBe(0);
  const newest = await Promise.all(
    sessions.map(async (id) => (await keyed(id)).map(([key, seq]) => [`${id} ${key}`, seq])),
  );
  expect([...latest], "the latest comes last").toEqual(expect.arrayContaining(newest.flat()));
});

test("an unbroken stream of all sessions brings each event once and each session's in order", async () => {
  const sessions = await makeSessions(app.db);
  const seen = new Map(sessions.map((id) => [id, [] as number[]]));
  const breaking = new AbortController();
  const streaming = (async () => {
    for await (const { event, data } of readEvents(await app.fetch("/api/events", { signal: breaking.signal }))) {
      const { sessionId, seq } = event === "event" ? SessionEvent.parse(JSON.parse(data)) : { sessionId: "", seq: 0 };
      seen.get(sessionId)?.push(seq);
    }
  })().catch(() => undefined);
  await sleep(100);
  await underLoad({ db: app.db, sessions }, () => sleep(2_000));
  const ends = await Promise.all(sessions.map(async (id) => [id, (await stored(id)).at(-1)?.seq] as const));
  await expect.poll(() => ends.every(([id, seq]) => seen.get(id)?.at(-1) === seq), { timeout: 8_000 }).toBe(true);
  breaking.abort();
  await streaming;
  for (const [id, seqs] of seen) {
    expect(seqs).toEqual([...new Set(seqs)].toSorted((a, b) => a - b));
    const had = new Set(seqs);
    expect((await stored(id)).filter(({ seq }) => !had.has(seq))).toEqual([]);
  }
});

test("polling by ?after= sees the same, for one session exactly once", async () => {
  const sessions = await makeSessions(app.db);
  const [sessionId = ""] = sessions;
  const ofOne: number[] = [];
  const ofAll = new Set<string>();
  let one = "0";
  let all = await feedEnd();
  const poll = async () => {
    const page = await app.request(EventPage, `/api/sessions/${sessionId}/events?after=${one}`);
    ofOne.push(...page.items.map(({ seq }) => seq));
    one = page.nextCursor ?? one;
    const pageOfAll = await app.request(EventPage, `/api/events?after=${all}`);
    for (const event of pageOfAll.items) ofAll.add(`${event.sessionId} ${event.seq}`);
    all = pageOfAll.nextCursor ?? all;
  };
  await underLoad({ db: app.db, sessions }, async () => {
    for (const end = Date.now() + 2_000; Date.now() < end; await sleep(Math.random() * 30)) await poll();
  });
  await poll();
  expect(ofOne).toEqual([...new Set(ofOne)].toSorted((a, b) => a - b));
  for (const id of sessions) expect((await stored(id)).filter(({ seq }) => !ofAll.has(`${id} ${seq}`))).toEqual([]);
  expect((await stored(sessionId)).filter(({ seq }) => !ofOne.includes(seq))).toEqual([]);
});
