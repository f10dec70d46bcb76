import { expect, test } from "vitest";
import { createSessionCache } from "../../../src/hooks/session-cache.ts";

const lookUpOf = (answers: readonly string[]) => {
  const asked: string[] = [];
  return { asked, lookUp: () => Promise.resolve(asked[asked.push(answers[asked.length] ?? "none") - 1] ?? "") };
};

test("those who ask at once wait for one lookup, and later ones need none", async () => {
  const cache = createSessionCache();
  const { asked, lookUp } = lookUpOf(["one", "two"]);
  expect(await Promise.all([cache.find("c", lookUp), cache.find("c", lookUp)])).toEqual(["one", "one"]);
  expect(await cache.find("c", lookUp)).toBe("one");
  expect(asked).toHaveLength(1);
});

test("a lookup that failed is made again by the next who asks", async () => {
  const cache = createSessionCache();
  await expect(cache.find("c", () => Promise.reject(new Error("down")))).rejects.toThrow("down");
  expect(await cache.find("c", () => Promise.resolve("one"))).toBe("one");
});

test("what was forgotten, or not used while many others were, is looked up again", async () => {
  const cache = createSessionCache(2);
  const { asked, lookUp } = lookUpOf(["a1", "b1", "c1", "b2", "a2"]);
  await cache.find("a", lookUp);
  await cache.find("b", lookUp);
  await cache.find("a", lookUp);
  await cache.find("c", lookUp);
  expect(await cache.find("b", lookUp)).toBe("b2");
  cache.forget("b");
  await cache.find("b", lookUp);
  expect(asked).toHaveLength(5);
});
