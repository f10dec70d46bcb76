import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { createShared, createSlots, createTurns } from "../../../src/workspaces/turns.ts";

test("work under one name is done in order, and a failure does not hold up the next", async () => {
  const turns = createTurns();
  const done: string[] = [];
  const work = (name: string, ms: number) => async () => {
    await sleep(ms);
    done.push(name);
    if (name === "a1") throw new Error("failed");
  };
  const first = turns.take("a", work("a1", 30));
  const second = turns.take("a", work("a2", 1));
  const other = turns.take("b", work("b1", 1));
  await expect(first).rejects.toThrow("failed");
  await Promise.all([second, other]);
  expect(done).toEqual(["b1", "a1", "a2"]);
});

test("never more than the slots at a time, and all get their turn", async () => {
  const slots = createSlots(2);
  let busy = 0;
  let most = 0;
  const work = async () => {
    most = Math.max(most, ++busy);
    await sleep(2);
    busy--;
  };
  await Promise.all(Array.from({ length: 9 }, () => slots.use(work)));
  await expect(slots.use(() => Promise.reject(new Error("failed")))).rejects.toThrow("failed");
  await slots.use(work);
  expect(most).toBe(2);
});

test("who asks while the answer is being made shares it, who asks later gets a new one", async () => {
  const shared = createShared<number>();
  let made = 0;
  const make = async () => {
    await sleep(5);
    return ++made;
  };
  expect(await Promise.all([shared.join("a", make), shared.join("a", make), shared.join("b", make)])).toEqual([
    1, 1, 2,
  ]);
  expect(await shared.join("a", make)).toBe(3);
});
