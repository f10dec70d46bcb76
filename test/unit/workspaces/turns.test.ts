import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { createSlots, createTurns } from "../../../src/workspaces/turns.ts";

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
