import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createChannelLimiter } from "../../../../src/channels/slack/channel-limiter.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

const { signal } = new AbortController();

/** Asks for turns and tells in which order and when they came. */
function recorder() {
  const limiter = createChannelLimiter();
  const began = performance.now();
  const got: [name: string, seconds: number][] = [];
  const ask = (name: string, channel: string, urgent = true) =>
    limiter
      .turn(channel, { urgent, signal })
      .then(() => got.push([name, Math.round(performance.now() - began) / 1000]));
  return { limiter, got, ask };
}

test("one message a second leaves for a channel, in the order of asking, and the first at once", async () => {
  const { got, ask } = recorder();
  for (const name of ["a", "b", "c"]) void ask(name, "C1");
  await vi.advanceTimersByTimeAsync(5_000);
  expect(got).toEqual([["a", 0], ["b", 1], ["c", 2]]); // prettier-ignore
});

test("answers go before updates that waited longer", async () => {
  const { got, ask } = recorder();
  for (const name of ["update 1", "update 2", "update 3"]) void ask(name, "C1", false);
  await vi.advanceTimersByTimeAsync(100);
  void ask("answer", "C1");
  await vi.advanceTimersByTimeAsync(5_000);
  expect(got.map(([name]) => name)).toEqual(["update 1", "answer", "update 2", "update 3"]);
});

test("a channel that was told to wait delays no other", async () => {
  const { limiter, got, ask } = recorder();
  limiter.pause("C1", 30_000);
  void ask("slow", "C1");
  void ask("quick", "C2");
  await vi.advanceTimersByTimeAsync(29_900);
  expect(got).toEqual([["quick", 0]]);
  await vi.advanceTimersByTimeAsync(200);
  expect(got).toEqual([["quick", 0], ["slow", 30]]); // prettier-ignore
});

test("who gives up loses the place and holds nobody up", async () => {
  const { limiter, got, ask } = recorder();
  const gone = new AbortController();
  void ask("first", "C1");
  const waiting = limiter.turn("C1", { urgent: true, signal: gone.signal }).catch(String);
  void ask("second", "C1");
  gone.abort(new Error("gone"));
  expect(await waiting).toBe("Error: gone");
  await vi.advanceTimersByTimeAsync(1_100);
  expect(got.map(([name]) => name)).toEqual(["first", "second"]);
});

test("a channel takes no more than a hundred that wait, and says so", async () => {
  const { limiter, ask } = recorder();
  for (let index = 0; index <= 100; index++) void ask(String(index), "C1");
  await expect(limiter.turn("C1", { urgent: true, signal })).rejects.toThrow("100 messages wait for Slack channel C1");
  await vi.advanceTimersByTimeAsync(120_000);
  expect(vi.getTimerCount()).toBe(0);
});
