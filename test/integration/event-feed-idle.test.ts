import type { KyselyPlugin } from "kysely";
import { expect, test } from "vitest";
import { openListener } from "../../src/db/notify.ts";
import { createLogger } from "../../src/lib/logger.ts";
import { appendEvents, findHorizon } from "../../src/sessions/event-queries.ts";
import { openFeed, type FeedBatch } from "../../src/sessions/feed.ts";
import { testDatabase } from "../support/database.ts";
import { insertSession } from "../support/outbox.ts";

const log = createLogger("silent");

test("with nobody following no event is read; who comes then hears all from there on, and nothing older", async () => {
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
  await expect.poll(() => notified).toBe(50);
  // The patrol looks every 5 s where the feed stands, so it may have looked once or twice.
  expect(queries - before).toBeLessThan(10);

  await feed.skipAhead();
  expect(BigInt(feed.cursor)).toBeGreaterThan(0n);
  expect(BigInt(feed.cursor)).toBeLessThanOrEqual(BigInt(await findHorizon(db)));
  const batches: FeedBatch[] = [];
  const end = feed.follow((batch) => void batches.push(batch));
  for (let n = 51; n <= 53; n += 1) await say(n);
  const heard = () => batches.flatMap(({ events }) => events.map(({ data }) => (data as { n: number }).n));
  await expect.poll(heard).toEqual([51, 52, 53]);
  end();

  const place = feed.cursor;
  await say(54);
  const joining = feed.skipAhead();
  // Who comes while the place is looked up must not lose what was written meanwhile.
  feed.follow((batch) => void batches.push(batch));
  await joining;
  expect(feed.cursor).toBe(place);
  await say(55);
  await expect.poll(heard).toEqual([51, 52, 53, 54, 55]);
});
