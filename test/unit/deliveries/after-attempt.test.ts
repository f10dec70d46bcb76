import fc from "fast-check";
import { expect, test } from "vitest";
import { afterAttempt, GIVE_UP_MS, retryPace } from "../../../src/deliveries/after-attempt.ts";
import type { Outcome } from "../../../src/deliveries/channel.ts";

const start = new Date("2026-01-01T00:00:00Z");
const deadline = new Date(start.getTime() + GIVE_UP_MS);
const notNow: Outcome = { is: "not_now", error: "The receiver answered 500", status: 500 };
const after = (
  outcome: Outcome,
  facts: Partial<{ attempt: number; inDoubt: boolean; now: Date; random: number }> = {},
) => {
  const { attempt = 1, inDoubt = false, now = start, random = 1 } = facts;
  return afterAttempt(outcome, { attempt, deadline, inDoubt }, { now, random: () => random, pace: retryPace });
};
const waitOf = (verdict: ReturnType<typeof after>, from = start) =>
  verdict.status === "pending" ? verdict.nextAt.getTime() - from.getTime() : undefined;

test("waits double from a second to a quarter of an hour, and jitter takes at most half of them", () => {
  const waits = [1, 2, 3, 4, 11, 100].map((attempt) => waitOf(after(notNow, { attempt })));
  expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 900_000, 900_000]);
  expect(waitOf(after(notNow, { attempt: 4, random: 0 }))).toBe(4_000);
});

test("a receiver may ask for a longer wait, up to an hour, and never for a shorter one", () => {
  expect(waitOf(after({ ...notNow, retryAfterMs: 120_000 }))).toBe(120_000);
  expect(waitOf(after({ ...notNow, retryAfterMs: 10 }))).toBe(1_000);
  expect(waitOf(after({ ...notNow, retryAfterMs: 999_999_000 }))).toBe(3_600_000);
});

test("a refusal is final at once", () => {
  expect(after({ is: "refused", error: "no" })).toEqual({ status: "failed", error: "no" });
});

test("the last attempt is at the deadline, and the one that fails then is given up", () => {
  const late = new Date(deadline.getTime() - 5_000);
  const verdict = after(notNow, { attempt: 50, now: late });
  expect(waitOf(verdict, late)).toBe(5_000);
  expect(after(notNow, { attempt: 51, now: deadline })).toEqual({
    status: "failed",
    error: "Given up: The receiver answered 500",
  });
  expect(after({ is: "delivered" }, { attempt: 51, now: deadline })).toEqual({ status: "delivered" });
});

test("doubt stays until the delivery arrives: a later answer says nothing of an earlier attempt", () => {
  expect(after({ is: "unknown", error: "lost" })).toMatchObject({ inDoubt: true });
  expect(after(notNow, { inDoubt: true })).toMatchObject({ inDoubt: true });
  expect(after(notNow)).toMatchObject({ inDoubt: false });
});

test("whatever happens, a delivery that fails all the time ends, at its deadline and not before", () => {
  fc.assert(
    fc.property(
      fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
      fc.nat(7_200_000),
      (random, retryAfterMs) => {
        let now = start;
        for (let attempt = 1; attempt < 10_000; attempt++) {
          const verdict = after({ ...notNow, retryAfterMs }, { attempt, now, random: random.next().value ?? 0 });
          if (verdict.status === "failed") return now.getTime() === deadline.getTime();
          if (verdict.status !== "pending" || verdict.nextAt <= now) return false;
          now = verdict.nextAt;
        }
        return false;
      },
    ),
    { numRuns: 50 },
  );
});
