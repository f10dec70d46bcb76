import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "kysely";
import { expect, test } from "vitest";
import { holdAlone } from "../../src/db/hold-alone.ts";
import { createLogger } from "../../src/lib/logger.ts";
import { testDatabase } from "../support/database.ts";

const log = createLogger("silent");

const untilAborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));

test("one of several processes works, and when it stops another goes on", { timeout: 60_000 }, async () => {
  await using database = await testDatabase();
  const working = new Set<number>();
  const faults: string[] = [];
  const hold = (n: number) =>
    holdAlone({
      db: database.db,
      name: "mailbox",
      holder: `process ${n}`,
      log,
      async work(signal) {
        if (working.size > 0) faults.push(`${n} while ${[...working].join()}`);
        working.add(n);
        await untilAborted(signal);
        working.delete(n);
      },
    });
  const holders = [hold(0), hold(1), hold(2)];
  const gone: number[] = [];
  while (gone.length < 3) {
    await expect.poll(() => working.size, { timeout: 20_000 }).toBe(1);
    const [n = expect.fail()] = working;
    expect(gone).not.toContain(n);
    gone.push(n);
    await holders[n]?.[Symbol.asyncDispose]();
  }
  expect(faults).toEqual([]);
  expect(await database.db.selectFrom("soleHolders").selectAll().execute()).toEqual([]);
});

test("work whose hold was taken by another is told to end, and work that fails is begun again", async () => {
  await using database = await testDatabase();
  const { db } = database;
  let begun = 0;
  const ended = Promise.withResolvers<void>();
  await using parts = new AsyncDisposableStack();
  parts.use(
    holdAlone({
      db,
      name: "socket",
      holder: "process 1",
      log,
      async work(signal) {
        if (++begun === 1) throw new Error("the far end is away");
        await untilAborted(signal);
        ended.resolve();
      },
    }),
  );
  await expect.poll(() => begun, { timeout: 10_000 }).toBe(2);
  await sql`update sole_holders set claim = gen_random_uuid(), until = now() + interval '1 minute'`.execute(db);
  await Promise.race([ended.promise, sleep(15_000).then(() => expect.fail("it went on"))]);
});
