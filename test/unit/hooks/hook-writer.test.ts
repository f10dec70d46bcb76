import { expect, test } from "vitest";
import type { HookRow } from "../../../src/hooks/hook-queries.ts";
import { createHookWriter } from "../../../src/hooks/hook-writer.ts";
import { createLogger } from "../../../src/lib/logger.ts";

const row = (n: number): HookRow => ({ session_id: `s${n}`, type: "tool", key: `tool:${n}`, data: {} });

test("hooks that come in one turn of the event loop go in one statement, not the first of them alone", async () => {
  const sizes: number[] = [];
  const record = (rows: string) => {
    sizes.push((JSON.parse(rows) as unknown[]).length);
    return Promise.resolve([]);
  };
  const statement = { record, [Symbol.asyncDispose]: () => Promise.resolve() };
  await using writer = createHookWriter({ statement, log: createLogger("silent") });
  expect(await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map((n) => writer.write(row(n))))).toEqual(Array(8).fill(true));
  expect(await writer.write(row(9))).toBe(true);
  expect(sizes).toEqual([8, 1]);
});
