import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { EventPage, SessionEvent } from "../../src/contract/event.ts";
import { appendEvents, type NewEvent } from "../../src/sessions/event-queries.ts";
import { testApp, type TestApp } from "../support/app.ts";
import { readEvents } from "../support/event-stream.ts";

const SESSIONS = 5;
const WRITERS = 6;
const DISCONNECTS = 50;

let app: TestApp;
beforeAll(async () => {
  app = await testApp();
});
afterAll(() => app[Symbol.asyncDispose]());

async function makeSessions(): Promise<string[]> {
  const { id: workerId } = await app.db.selectFrom("workers").select("id").executeTakeFirstOrThrow();
  const rows = Array.from({ length: SESSIONS }, (_, index) => ({
    title: `Feed ${index}`,
    projectType: "local",
    workerId,
  }));
  return (await app.db.insertInto("sessions").values(rows).returning("id").execute()).map(({ id }) => id);
}

/** The cursor behind all there is, found as a client would: page by page. */
async function feedEnd(): Promise<string> {
  for (let cursor = "0"; ;) {
    const { items, nextCursor } = await app.request(EventPage, `/api/events?after=${cursor}`);
    cursor = nextCursor ?? cursor;
    if (items.length < 500) return cursor;
  }
}

const pick = <T>(items: readonly T[]): T => items[Math.floor(Math.random() * items.length)] as T;

/** One to four events: most are there for good, some replace the live text of a block. */
function someEvents(writer: number, n: number): NewEvent[] {
  return Array.from({ length: 1 + Math.floor(Math.random() * 4) }, (_, index) => {
    const data = { writer, n, index };
    return Math.random() < 0.4 ? { type: "text", key: `text:${writer}:${n % 3}`, data } : { type: "hook", data };
  });
}

/** Appends to random sessions until told to stop, in transactions of random length, some of them over two sessions. */
async function write(sessions: readonly string[], writer: number, signal: AbortSignal): Promise<void> {
  for (let n = 0; !signal.aborted; n++) {
    const targets = [...new Set([pick(sessions), ...(Math.random() < 0.3 ? [pick(sessions)] : [])])].toSorted();
    await app.db.transaction().execute(async (tx) => {
      for (const id of targets) await appendEvents(tx, id, someEvents(writer, n));
      await sleep(Math.random() ** 6 * 150);
    });
    await sleep(Math.random() * 4);
  }
}

/** Runs `use` while the writers write, and some time longer. */
async function underLoad<T>(sessions: readonly string[], use: () => Promise<T>): Promise<T> {
  const stopping = new AbortController();
  const writers = Array.from({ length: WRITERS }, (_, index) => write(sessions, index, stopping.signal));
  try {
    return await use();
  } finally {
    stopping.abort();
    await Promise.all(writers);
  }
}

/** Long enough for all the breaks, and until the session has seen enough, however slow the machine is. */
async function enough(sessionId: string): Promise<void> {
  await sleep(4_000);
  await expect.poll(async () => (await stored(sessionId)).at(-1)?.seq, { timeout: 20_000 }).toBeGreaterThan(100);
}

/** What the ledger holds in the end, in order: of rows with a key only the latest. */
const stored = (sessionId: string) =>
  app.db.selectFrom("sessionEvents").select(["seq", "key"]).where("sessionId", "=", sessionId).orderBy("seq").execute();

/**
 * Follows a stream and lets go of it at a random moment, again and again, each time going on from the last id it saw;
 * `done` is asked after the last break, until it says that everything has arrived.
 */
async function followWithBreaks(
  path: string,
  { see, done, first }: { see: (event: SessionEvent) => void; done: () => Promise<boolean>; first?: string },
) {
  let lastId = first;
  let resyncs = 0;
  for (let connection = 0; ; connection++) {
    const breaking = new AbortController();
    const isLast = connection >= DISCONNECTS;
    const timer = setTimeout(() => breaking.abort(), isLast ? 300 : 5 + Math.random() ** 2 * 150);
    try {
      const headers = lastId === undefined ? {} : { "last-event-id": lastId };
      for await (const { id, event, data } of readEvents(await app.fetch(path, { headers, signal: breaking.signal }))) {
        if (event === "event") see(SessionEvent.parse(JSON.parse(data)));
        if (event === "resync") resyncs += 1;
        if (id !== undefined) lastId = id;
      }
    } catch (error) {
      if (!breaking.signal.aborted) throw error;
    }
    clearTimeout(timer);
    if (isLast && (await done())) return { resyncs };
    if (connection > DISCONNECTS + 30) return { resyncs };
  }
}

test("one session's stream loses nothing and repeats nothing over 50 forced disconnects under load", async () => {
  const sessions = await makeSessions();
  const [sessionId = ""] = sessions;
  const seen: number[] = [];
  const keyed = new Map<string, number>();
  let writing = true;
  const follow = followWithBreaks(`/api/sessions/${sessionId}/events`, {
    see({ seq, key }) {
      seen.push(seq);
      if (key !== null) keyed.set(key, seq);
    },
    done: async () => !writing && seen.at(-1) === (await stored(sessionId)).at(-1)?.seq,
  });
  await underLoad(sessions, () => enough(sessionId));
  writing = false;
  await follow;

  const ledger = await stored(sessionId);
  expect(seen, "in order, none twice").toEqual([...new Set(seen)].toSorted((a, b) => a - b));
  const had = new Set(seen);
  expect(
    ledger.filter(({ seq }) => !had.has(seq)),
    "nothing lost",
  ).toEqual([]);
  for (const { key, seq } of ledger) if (key !== null) expect(keyed.get(key)).toBe(seq);
});

test("the stream of all sessions loses nothing over 50 forced disconnects under load", async () => {
  const sessions = await makeSessions();
  const seen = new Map(sessions.map((id) => [id, new Set<number>()]));
  const latest = new Map<string, number>();
  let writing = true;
  const missing = async () => {
    const lost = [];
    for (const id of sessions) {
      for (const { seq } of await stored(id)) if (!seen.get(id)?.has(seq)) lost.push(`${id} ${seq}`);
    }
    return lost;
  };
  const first = await feedEnd();
  const follow = followWithBreaks("/api/events", {
    first,
    see({ sessionId, seq, key }) {
      seen.get(sessionId)?.add(seq);
      if (key !== null) latest.set(`${sessionId} ${key}`, seq);
    },
    done: async () => !writing && (await missing()).length === 0,
  });
  await underLoad(sessions, () => sleep(4_000));
  writing = false;
  const { resyncs } = await follow;

  expect(await missing(), "nothing lost").toEqual([]);
  expect(resyncs, "nobody was away too long").toBe(0);
  for (const id of sessions) {
    for (const { key, seq } of await stored(id))
      if (key !== null) expect(latest.get(`${id} ${key}`), "the latest comes last").toBe(seq);
  }
});

test("an unbroken stream of all sessions brings each event once and each session's in order", async () => {
  const sessions = await makeSessions();
  const seen = new Map(sessions.map((id) => [id, [] as number[]]));
  const breaking = new AbortController();
  const streaming = (async () => {
    for await (const { event, data } of readEvents(await app.fetch("/api/events", { signal: breaking.signal }))) {
      const { sessionId, seq } = event === "event" ? SessionEvent.parse(JSON.parse(data)) : { sessionId: "", seq: 0 };
      seen.get(sessionId)?.push(seq);
    }
  })().catch(() => undefined);
  await sleep(100);
  await underLoad(sessions, () => sleep(2_000));
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
  const sessions = await makeSessions();
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
    return page.items.length + pageOfAll.items.length;
  };
  await underLoad(sessions, async () => {
    for (const end = Date.now() + 2_000; Date.now() < end; await sleep(Math.random() * 30)) await poll();
  });
  await poll();
  expect(ofOne).toEqual([...new Set(ofOne)].toSorted((a, b) => a - b));
  for (const id of sessions) {
    for (const { seq } of await stored(id)) expect(ofAll.has(`${id} ${seq}`)).toBe(true);
  }
  expect((await stored(sessionId)).filter(({ seq }) => !ofOne.includes(seq))).toEqual([]);
});

test("who was away for long is told to read anew, and goes on from there", async () => {
  const [sessionId = ""] = await makeSessions();
  const lastId = await feedEnd();
  for (let n = 0; n < 6; n++) {
    const events = Array.from({ length: 1_000 }, (_, index) => ({ type: "hook" as const, data: { n, index } }));
    await appendEvents(app.db, sessionId, events);
  }
  const stream = readEvents(await app.fetch("/api/events", { headers: { "last-event-id": lastId } }));
  const names: string[] = [];
  for await (const { event } of stream) {
    names.push(event);
    if (event === "resync") break;
  }
  expect(names).toEqual(["ready", "resync"]);
  const whole = readEvents(await app.fetch(`/api/sessions/${sessionId}/events`));
  let count = 0;
  for await (const { event } of whole) if (event === "event" && ++count === 6_000) break;
  expect(count).toBe(6_000);
});

test("more events at once than the feed hands on are read by its followers themselves", async () => {
  const [sessionId = ""] = await makeSessions();
  const breaking = new AbortController();
  const init = { signal: breaking.signal };
  const all = readEvents(await app.fetch("/api/events", init));
  const one = readEvents(await app.fetch(`/api/sessions/${sessionId}/events`, init));
  expect((await all.next()).value).toMatchObject({ event: "ready" });
  const burst = Array.from({ length: 5_500 }, (_, index) => ({ type: "hook" as const, data: { index } }));
  await appendEvents(app.db, sessionId, burst);
  let count = 0;
  for await (const { event } of one) if (event === "event" && ++count === burst.length) break;
  const names = [];
  for await (const { event } of all) {
    names.push(event);
    if (event === "resync") break;
  }
  expect(names).toEqual(["resync"]);
  breaking.abort();

  const polled = new Set<number>();
  for (let cursor = "0", more = true; more;) {
    const page = await app.request(EventPage, `/api/events?after=${cursor}`);
    for (const event of page.items) if (event.sessionId === sessionId) polled.add(event.seq);
    more = page.items.length === 500;
    cursor = page.nextCursor ?? cursor;
  }
  expect(polled.size, "polling goes through all of one transaction's events").toBe(burst.length);
});

test("an event whose transaction is slower than thousands that began after it is late, not lost", async () => {
  const [slow = "", busy = ""] = await makeSessions();
  const start = await feedEnd();
  const held = Promise.withResolvers<void>();
  const written = Promise.withResolvers<void>();
  const writing = app.db.transaction().execute(async (tx) => {
    await appendEvents(tx, slow, [{ type: "hook", data: { slow: true } }]);
    written.resolve();
    await held.promise;
  });
  await written.promise;
  for (let n = 0; n < 3; n++)
    await appendEvents(
      app.db,
      busy,
      Array.from({ length: 400 }, () => ({ type: "hook" as const, data: {} })),
    );
  const seen: string[] = [];
  const pollAll = async (from: string) => {
    for (let cursor = from; ;) {
      const page = await app.request(EventPage, `/api/events?after=${cursor}`);
      seen.push(...page.items.map(({ sessionId }) => sessionId));
      cursor = page.nextCursor ?? cursor;
      if (page.items.length < 500) return cursor;
    }
  };
  const cursor = await pollAll(start);
  expect(seen.filter((id) => id === busy).length).toBeGreaterThanOrEqual(1_200);
  expect(seen).not.toContain(slow);
  held.resolve();
  await writing;
  await pollAll(cursor);
  expect(seen).toContain(slow);
});

test("events larger than a client's buffer all arrive, from the beginning and live", async () => {
  const [sessionId = ""] = await makeSessions();
  const large = (count: number) =>
    Array.from({ length: count }, () => ({ type: "hook" as const, data: { text: "x".repeat(30_000) } }));
  await appendEvents(app.db, sessionId, large(200));
  const breaking = new AbortController();
  let connections = 0;
  for (const path of [`/api/sessions/${sessionId}/events`, "/api/events"]) {
    connections += 1;
    let count = 0;
    const before = path.includes("sessions") ? 200 : 0;
    const response = await app.fetch(path, { signal: breaking.signal });
    for await (const { event } of readEvents(response)) {
      if (event === "event") count += 1;
      const isReady = before > 0 ? count === before : event === "ready";
      if (isReady) await appendEvents(app.db, sessionId, large(150));
      if (count === before + 150) break;
    }
    expect(count).toBe(before + 150);
  }
  breaking.abort();
  expect(connections).toBe(2);
});

test("a cursor that is none and a session that is none are refused before a stream begins", async () => {
  for (const [path, status] of [
    ["/api/events?after=x", 400],
    [`/api/sessions/${randomUUID()}/events?after=0`, 404],
    [`/api/sessions/${randomUUID()}/events`, 404],
  ] as const)
    expect([path, (await app.fetch(path)).status]).toEqual([path, status]);
  const odd = await app.fetch("/api/events", { headers: { "last-event-id": "x; drop" } });
  expect(odd.status).toBe(400);
});
