import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fence, LeaseLost, releaseLease, takeLease } from "../../src/runs/lease-queries.ts";
import { upsertWorker } from "../../src/runs/worker-queries.ts";
import { testDatabase, type TestDatabase } from "../support/database.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
  await upsertWorker(database.db, { id: "one", hostname: "here", pid: 1, version: "0", slots: 1 });
});
afterAll(() => database[Symbol.asyncDispose]());

async function newSession(): Promise<string> {
  const row = { title: "t", projectType: "local", projectPath: "/tmp", workerId: "one" };
  return (await database.db.insertInto("sessions").values(row).returning("id").executeTakeFirstOrThrow()).id;
}

test("a second process gets a session's lease only when the first has let go of it or let it run out", async () => {
  const { db } = database;
  const sessionId = await newSession();
  const [first, second] = [randomUUID(), randomUUID()];
  const lease = await takeLease(db, { sessionId, workerId: "one", processId: first });
  if (!lease) throw new Error("nobody held it");
  expect(await takeLease(db, { sessionId, workerId: "one", processId: second })).toBeUndefined();
  await releaseLease(db, lease);
  expect(await takeLease(db, { sessionId, workerId: "one", processId: second })).toMatchObject({ epoch: 2 });
  await db
    .updateTable("sessionLeases")
    .set({ expiresAt: sql<Date>`now() - interval '1 second'` })
    .execute();
  expect(await takeLease(db, { sessionId, workerId: "one", processId: first })).toMatchObject({ epoch: 3 });
});

test("a process that could not let go of a lease takes it anew, and its actor of before can write no more", async () => {
  const { db } = database;
  const sessionId = await newSession();
  const processId = randomUUID();
  const before = await takeLease(db, { sessionId, workerId: "one", processId });
  const now = await takeLease(db, { sessionId, workerId: "one", processId });
  if (!before || !now) throw new Error("the process did not get its own lease");
  expect(now.epoch).toBe(before.epoch + 1);
  await fence(db, now);
  await expect(fence(db, before)).rejects.toThrow(LeaseLost);
});
