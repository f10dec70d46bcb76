import { expect, test } from "vitest";
import { createTurns } from "../../../src/orchestration/turns.ts";

test("no more go on at a time than may, in the order in which they came, also after one that failed", async () => {
  const inTurn = createTurns(2);
  const began: number[] = [];
  const tasks = Array.from({ length: 5 }, () => Promise.withResolvers<void>());
  const all = tasks.map(({ promise }, index) =>
    inTurn(() => {
      began.push(index);
      return promise;
    }),
  );
  expect(began).toEqual([0, 1]);
  tasks[1]?.reject(new Error("failed"));
  await expect(all[1]).rejects.toThrow("failed");
  await expect.poll(() => began).toEqual([0, 1, 2]);
  for (const { resolve } of tasks) resolve();
  await Promise.allSettled(all);
  expect(began).toEqual([0, 1, 2, 3, 4]);
});
