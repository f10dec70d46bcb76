import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { EventPage, type SessionEvent } from "../../src/contract/event.ts";
import { appendEvents, type NewEvent } from "../../src/sessions/event-queries.ts";
import { testApp, type TestApp } from "../support/app.ts";
import { readEvents, type StreamedEvent } from "../support/event-stream.ts";
import { makeSessions } from "../support/feed-load.ts";

let app: TestApp;
beforeAll(async () => {
  app = await testApp();
});
afterAll(() => app[Symbol.asyncDispose]());

const manyEvents = (count: number, letters = 1): NewEvent[] =>
  Array.from({ length: count }, (_, index) => ({ type: "hook", data: { index, text: "x".repeat(letters) } }));

/** All pages from a cursor on, as a client that polls reads them. */
async function pollAll(from: string): Promise<{ events: SessionEvent[]; cursor: string }> {
  const events: SessionEvent[] = [];
  for (let cursor = from; ;) {
    const page = await app.request(EventPage, `/api/events?after=${cursor}`);
    events.push(...page.items);
    cursor = page.nextCursor ?? cursor;
    if (page.items.length < 500) return { events, cursor };
  }
}

/** Reads until one of this name has come this often; gives the names of all that came. */
async function readUntil(stream: AsyncIterable<StreamedEvent>, name: string, times = 1): Promise<string[]> {
  const names: string[] = [];
  for await (const { event } of stream) {
    names.push(event);
    if (names.filter((one) => one === name).length === times) break;
  }
  return names;
}

test("who was away for long is told to read anew, and one session can be read from its beginning", async () => {
  const [sessionId = ""] = await makeSessions(app.db);
  const { cursor } = await pollAll("0");
  for (let n = 0; n < 6; n++) await appendEvents(app.db, sessionId, manyEvents(1_000));
  const back = readEvents(await app.fetch("/api/events", { headers: { "last-event-id": cursor } }));
  expect(await readUntil(back, "resync")).toEqual(["ready", "resync"]);
  const whole = readEvents(await app.fetch(`/api/sessions/${sessionId}/events`));
  expect(await readUntil(whole, "event", 6_000)).toHaveLength(6_000);
});

test("more events at once than the feed hands on are read by its followers themselves", async () => {
  const [sessionId = ""] = await makeSessions(app.db);
  const all = readEvents(await app.fetch("/api/events"));
  const one = readEvents(await app.fetch(`/api/sessions/${sessionId}/events`));
  expect((await all.next()).value).toMatchObject({ event: "ready" });
  await appendEvents(app.db, sessionId, manyEvents(5_500));
  expect(await readUntil(one, "event", 5_500)).toHaveLength(5_500);
  expect(await readUntil(all, "resync")).toEqual(["resync"]);

  const { events } = await pollAll("0");
  const seqs = events.filter((event) => event.sessionId === sessionId).map(({ seq }) => seq);
  expect(new Set(seqs).size, "polling goes through all of one transaction's events").toBe(5_500);
});

test("an event whose transaction is slower than thousands that began after it is late, not lost", async () => {
  const [slow = "", busy = ""] = await makeSessions(app.db);
  const { cursor: start } = await pollAll("0");
  const held = Promise.withResolvers<void>();
  const written = Promise.withResolvers<void>();
  const writing = app.db.transaction().execute(async (tx) => {
    await appendEvents(tx, slow, manyEvents(1));
    written.resolve();
    await held.promise;
  });
  await written.promise;
  for (let n = 0; n < 3; n++) await appendEvents(app.db, busy, manyEvents(400));
  const before = await pollAll(start);
  expect(before.events.filter(({ sessionId }) => sessionId === busy).length).toBeGreaterThanOrEqual(1_200);
  expect(before.events.filter(({ sessionId }) => sessionId === slow)).toEqual([]);
  held.resolve();
  await writing;
  const after = await pollAll(before.cursor);
  expect(after.events.filter(({ sessionId }) => sessionId === slow)).toHaveLength(1);
});

test("events larger than a client's buffer all arrive, from the beginning and live", async () => {
  const [sessionId = ""] = await makeSessions(app.db);
  await appendEvents(app.db, sessionId, manyEvents(200, 30_000));
  // One connection each: a client that is dropped for being slow would come back and hide it.
  const one = readEvents(await app.fetch(`/api/sessions/${sessionId}/events`));
  for (let count = 0; count < 200; count++) expect((await one.next()).value).toMatchObject({ event: "event" });
  const all = readEvents(await app.fetch("/api/events"));
  expect((await all.next()).value).toMatchObject({ event: "ready" });
  await appendEvents(app.db, sessionId, manyEvents(150, 30_000));
  for (const stream of [one, all]) expect(await readUntil(stream, "event", 150)).toHaveLength(150);
});

test.each([
  ["/api/events?after=x", 400],
  ["/api/sessions/x/events", 400],
  [`/api/sessions/${randomUUID()}/events?after=0`, 404],
  [`/api/sessions/${randomUUID()}/events`, 404],
])("%s is refused before a stream begins", async (path, status) => {
  expect((await app.fetch(path)).status).toBe(status);
});

test("a Last-Event-ID that we never sent is refused", async () => {
  expect((await app.fetch("/api/events", { headers: { "last-event-id": "x; drop" } })).status).toBe(400);
});
