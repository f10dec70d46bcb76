import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createRefresher } from "./refresher.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function recorded() {
  const read: string[] = [];
  return { read, ...createRefresher((key) => read.push(key.join(" "))) };
}

test("the first of a burst is read at once, the rest together when the pause is over", () => {
  const { read, ask, end } = recorded();
  for (let event = 0; event < 50; event += 1) ask(["logs", "a"]);
  expect(read).toEqual(["logs a"]);
  vi.advanceTimersByTime(700);
  expect(read).toEqual(["logs a", "logs a"]);
  vi.advanceTimersByTime(10_000);
  expect(read).toHaveLength(2);
  end();
});

test("a busy minute of every session costs fewer requests than a key may make", () => {
  const { read, ask, end } = recorded();
  for (let tenth = 0; tenth < 600; tenth += 1) {
    for (const key of [
      ["logs", "a"],
      ["diff", "a"],
      ["sessions", "one", "a"],
      ["sessions", "list"],
    ])
      ask(key);
    vi.advanceTimersByTime(100);
  }
  // The list is three requests.
  const requests = read.reduce((sum, key) => sum + (key === "sessions list" ? 3 : 1), 0);
  expect(requests).toBeLessThan(300);
  end();
});

test("nothing is read after the end", () => {
  const { read, ask, end } = recorded();
  ask(["runs", "a"]);
  ask(["runs", "a"]);
  end();
  vi.advanceTimersByTime(10_000);
  expect(read).toEqual(["runs a"]);
});
