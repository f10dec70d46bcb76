import type { KyselyPlugin } from "kysely";
import { expect, test } from "vitest";
import { openListener } from "../../src/db/notify.ts";
import { createLogger } from "../../src/lib/logger.ts";
import { appendEvents, findHorizon } from "../../src/sessions/event-queries.ts";
import { openFeed, type FeedBatch } from "../../src/sessions/feed.ts";
import { testDatabase } from "../support/database.ts";
import { insertSession } from "../support/outbox.ts";

const log = createLogger("silent");

test("with nobody following no event is read; who comes then hears all from there on", async () => {
  await using database = await testDatabase();
  const { db } = database;
  const sessionId = await insertSession(db);
  const say = (n: number) => appendEvents(db, sessionId, [{ type: "notification", data: { n } }]);
  let queries = 0;
  const counting: KyselyPlugin = {
    transformQuery: ({ node }) => ((queries += 1), node),
    transformResult: ({ result }) => Promise.resolve(result),
  };
  await using listener = await openListener(database.connectionString, log);
  let notified = 0;
  await listener.listen("session_events", () => (notified += 1));
  await using feed = await openFeed({ db: db.withPlugin(counting), listener, log });
  const before = queries;
  for (let n = 1; n <= 50; n += 1) await say(n);
  await expect.poll(() => notified, { timeout: 10_000 }).toBe(50);
  // The patrol looks every 5 s where the feed stands, so it may have looked once or twice.
  expect(queries - before).toBeLessThan(25);

  await feed.skipAhead();
  expect(BigInt(feed.cursor)).toBeGreaterThan(0n);
  expect(BigInt(feed.cursor)).toBeLessThanOrEqual(BigInt(await findHorizon(db)));
  const batches: FeedBatch[] = [];
  const end = feed.follow((batch) => void batches.push(batch));
  for (let n = 51; n <= 53; n += 1) await say(n);
  // Somebody's old transaction may hold the place back, so that a few come that are older.
  const heard = () =>
    batches.flatMap(({ events }) => events.map(({ data }) => (data as { n: number }).n)).filter((n) => n > 50);
  await expect.poll(heard, { timeout: 10_000 }).toEqual([51, 52, 53]);
  end();

  const place = feed.cursor;
  const saying = say(54);
  const joining = feed.skipAhead();
  // Who comes while the place is looked up must not lose what is written meanwhile.
  feed.follow((batch) => void batches.push(batch));
  await Promise.all([saying, joining]);
  expect(feed.cursor === place || heard().includes(54), "what was not handed on was not passed over").toBe(true);
  await say(55);
  await expect.poll(heard, { timeout: 10_000 }).toEqual([51, 52, 53, 54, 55]);
});
