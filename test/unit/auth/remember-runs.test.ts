import { expect, test } from "vitest";
import { rememberRuns } from "../../../src/auth/remember-runs.ts";

/** A ledger of tokens that counts how often it is asked. */
function ledger() {
  const runs = new Map([["good", { runId: "r", sessionId: "s" }]]);
  const state = { asked: 0, away: false, now: 0, runs };
  const verify = rememberRuns(
    async (hash) => {
      state.asked += 1;
      await Promise.resolve();
      if (state.away) throw new Error("the database is away");
      return runs.get(hash);
    },
    () => state.now,
  );
  return { state, verify };
}

test("a token is looked up once in five seconds, however many hooks it comes with", async () => {
  const { state, verify } = ledger();
  const runs = await Promise.all(Array.from({ length: 20 }, () => verify("good")));
  expect(new Set(runs.map((run) => run?.runId))).toEqual(new Set(["r"]));
  state.now = 4_999;
  await verify("good");
  expect(state.asked).toBe(1);
  state.runs.clear();
  state.now = 5_000;
  expect(await verify("good")).toBeUndefined();
  expect(state.asked).toBe(2);
});

test("a token that is not known, or could not be looked up, is asked for again", async () => {
  const { state, verify } = ledger();
  expect(await verify("soon")).toBeUndefined();
  state.runs.set("soon", { runId: "n", sessionId: "s" });
  expect(await verify("soon")).toMatchObject({ runId: "n" });
  state.away = true;
  await expect(verify("good")).rejects.toThrow("away");
  state.away = false;
  expect(await verify("good")).toMatchObject({ runId: "r" });
});

test("no more than a thousand are remembered", async () => {
  const { state, verify } = ledger();
  for (let n = 0; n < 1_001; n += 1) state.runs.set(`t${n}`, { runId: `${n}`, sessionId: "s" });
  for (let n = 0; n < 1_001; n += 1) await verify(`t${n}`);
  expect(state.asked).toBe(1_001);
  await verify("t1000");
  expect(state.asked).toBe(1_001);
  await verify("t0");
  expect(state.asked).toBe(1_002);
});
