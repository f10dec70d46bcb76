import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { identify, identityAlive, readStat } from "../../../src/claude/process-identity.ts";

test("a zombie is dead", async () => {
  // The inner shell exits; the outer one became a program that never asks for it.
  const parent = spawn("sh", ["-c", "sh -c 'echo $$' & exec sleep 60"]);
  const [chunk] = (await parent.stdout.take(1).toArray()) as Buffer[];
  const pid = Number(chunk?.toString());
  while (readStat(pid)?.state !== "Z") await sleep(5);
  expect(identify(pid)).toBeUndefined();
  expect(
    identityAlive({ ...(identify(process.pid) ?? { bootId: "" }), pid, startTime: readStat(pid)?.startTime ?? "" }),
  ).toBe(false);
  parent.kill("SIGKILL");
});

test("a name with brackets and spaces does not confuse what /proc says", () => {
  expect(readStat(process.pid)).toMatchObject({
    state: expect.stringMatching(/^[RS]$/),
    startTime: expect.stringMatching(/^\d+$/),
  });
  expect(readStat(2 ** 30)).toBeUndefined();
});
