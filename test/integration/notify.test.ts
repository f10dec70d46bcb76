import { sql } from "kysely";
import { expect, test } from "vitest";
import { notify, openListener } from "../../src/db/notify.ts";
import { createLogger } from "../../src/lib/logger.ts";
import { testDatabase, type TestDatabase } from "../support/database.ts";

const log = createLogger("silent");

const killListener = ({ db }: TestDatabase) =>
  sql`select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and application_name = 'claude-orchestrator listener'`.execute(db);

test("what a transaction notifies arrives once it is committed, and never when it is rolled back", async () => {
  await using database = await testDatabase();
  await using listener = await openListener(database.connectionString, log);
  const heard: string[] = [];
  await listener.listen("news", (payload) => void heard.push(payload));
  const failed = database.db.transaction().execute(async (tx) => {
    await notify(tx, "news", "never happened");
    throw new Error("no");
  });
  await expect(failed).rejects.toThrow("no");
  await database.db.transaction().execute(async (tx) => {
    await notify(tx, "news", "first");
    await notify(tx, "elsewhere", "not for us");
    await notify(tx, "news", "second");
  });
  await expect.poll(() => heard).toEqual(["first", "second"]);
});

test("a listener whose connection is killed connects again, says so, and hears what comes then", async () => {
  await using database = await testDatabase();
  await using listener = await openListener(database.connectionString, log);
  const heard: string[] = [];
  let resyncs = 0;
  listener.onResync(() => void resyncs++);
  await listener.listen("a", (payload) => void heard.push(payload));
  await listener.listen("b", (payload) => void heard.push(payload));
  expect(resyncs).toBe(0);
  for (const round of [1, 2, 3]) {
    heard.length = 0;
    await killListener(database);
    await expect.poll(() => resyncs).toBe(round);
    await notify(database.db, "a", `a${round}`);
    await notify(database.db, "b", `b${round}`);
    await expect.poll(() => heard).toEqual([`a${round}`, `b${round}`]);
  }
});

test("a channel asked for while the connection is down is heard afterwards", async () => {
  await using database = await testDatabase();
  await using listener = await openListener(database.connectionString, log);
  const resynced = new Promise<void>((resolve) => listener.onResync(resolve));
  const heard: string[] = [];
  const killed = killListener(database);
  await listener.listen("late", (payload) => void heard.push(payload));
  await killed;
  await resynced;
  await notify(database.db, "late", "yes");
  await expect.poll(() => heard).toEqual(["yes"]);
});

test("a handler that throws keeps neither the others nor the next payload from being heard", async () => {
  await using database = await testDatabase();
  await using listener = await openListener(database.connectionString, log);
  const heard: string[] = [];
  await listener.listen("news", () => {
    throw new Error("broken handler");
  });
  await listener.listen("news", (payload) => void heard.push(payload));
  await notify(database.db, "news", "one");
  await notify(database.db, "news", "two");
  await expect.poll(() => heard).toEqual(["one", "two"]);
});

test("a listener can be closed while its connection is down", async () => {
  await using database = await testDatabase();
  const listener = await openListener(database.connectionString, log);
  await killListener(database);
  await expect(listener[Symbol.asyncDispose]()).resolves.toBeUndefined();
});
