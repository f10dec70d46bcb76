import { expect, test } from "vitest";
import { createReader } from "../../../src/orchestration/reader.ts";

const PATIENCE_MS = 60_000;

/** A reader of a list that grows; each reading ends when it is let go, and sees what was there when it began. */
function slowReader() {
  const written: number[] = [];
  const read: number[] = [];
  const errors: unknown[] = [];
  const readings: PromiseWithResolvers<void>[] = [];
  const reader = createReader({
    patienceMs: PATIENCE_MS,
    onError: (error) => errors.push(error),
    async read() {
      const there = written.slice(read.length);
      const reading = Promise.withResolvers<void>();
      readings.push(reading);
      await reading.promise;
      read.push(...there);
      return false;
    },
  });
  return { written, read, errors, readings, reader };
}

test("who asks while a reading is on waits for one that began afterwards", async () => {
  const { written, read, readings, reader } = slowReader();
  reader.wake();
  written.push(1);
  let isThere = false;
  const caughtUp = reader.caughtUp().then(() => (isThere = true));
  readings[0]?.resolve();
  await expect.poll(() => readings.length).toBe(2);
  expect(isThere).toBe(false);
  readings[1]?.resolve();
  await caughtUp;
  expect(read).toEqual([1]);
});

test("a word said while it reads is not missed, and many at once cost one reading more", async () => {
  const { written, read, readings, reader } = slowReader();
  reader.wake();
  written.push(1);
  for (let times = 0; times < 100; times++) reader.wake();
  readings[0]?.resolve();
  await expect.poll(() => readings.length).toBe(2);
  readings[1]?.resolve();
  await expect.poll(() => read).toEqual([1]);
  await reader[Symbol.asyncDispose]();
  expect(readings).toHaveLength(2);
});

test("a reading that fails keeps nobody waiting, and the next word begins another", async () => {
  const { errors, readings, reader } = slowReader();
  const caughtUp = reader.caughtUp();
  readings[0]?.reject(new Error("the database is away"));
  await caughtUp;
  expect(errors).toEqual([new Error("the database is away")]);
  const again = reader.caughtUp();
  readings[1]?.resolve();
  await again;
});

test("what never ends is waited for no longer than patience allows", async () => {
  const reader = createReader({ read: () => new Promise(() => {}), onError: () => {}, patienceMs: 1 });
  expect(await reader.caughtUp()).toBeUndefined();
});
