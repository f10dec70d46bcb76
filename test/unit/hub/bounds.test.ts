import { Duplex } from "node:stream";
import { expect, test } from "vitest";
import { createHeldBytes } from "../../../src/hub/held-bytes.ts";
import { createLatest } from "../../../src/hub/latest-status.ts";
import { createOpenWays } from "../../../src/hub/open-ways.ts";
import type { Viewer } from "../../../src/hub/viewer.ts";
import { createReceiver } from "../../../src/lib/tunnel-flow.ts";
import { until } from "../../support/hub.ts";

const viewer = (userId: string): Viewer => ({
  userId,
  login: userId,
  githubId: 1,
  orgs: [],
  teams: [],
  signInId: null,
});

test("one person's bytes are bounded, given back once, and nobody else's concern", () => {
  const held = createHeldBytes(100);
  const giveBack = held.hold("anna", 60);
  expect(() => held.hold("anna", 41)).toThrow("under way");
  held.hold("ben", 100)();
  giveBack();
  giveBack();
  const again = held.hold("anna", 100);
  expect(() => held.hold("anna", 1)).toThrow("under way");
  again();
  expect(held.size).toBe(0);
});

test("what one person has open at machines is bounded, whatever others have", () => {
  const ways = createOpenWays(2);
  const open = (userId: string) => ways.add({ viewer: viewer(userId), machineId: "m", end: () => undefined });
  const first = open("anna");
  open("anna");
  expect(() => open("anna")).toThrow("too much open");
  open("ben");
  first();
  first();
  open("anna");
  expect(() => open("anna")).toThrow("too much open");
  expect(ways.size).toBe(3);
});

test("of a status that changes too often the latest one counts", async () => {
  const taken: string[] = [];
  let allowed = 2;
  const status = createLatest(
    ({ status: now }) => void taken.push(now),
    () => allowed-- > 0,
  );
  const hear = (now: "idle" | "active" | "busy") => status.hear({ type: "status_update", client_id: "c", status: now });
  for (const now of ["idle", "busy", "idle", "busy", "idle", "active"] as const) hear(now);
  expect(taken).toEqual(["idle", "busy"]);
  await until(() => taken[2], "the latest");
  expect(taken).toEqual(["idle", "busy", "active"]);
  hear("idle");
  status.stop();
  allowed = 1;
  hear("busy");
  expect(taken).toEqual(["idle", "busy", "active", "busy"]);
});

const stream = () => new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });

test("a stream that nobody reads takes no endless row of tiny frames; one that is read, slowly too, takes any", () => {
  const unread = stream();
  const full = createReceiver(1, () => undefined);
  let taken = 0;
  full.pull(unread);
  while (taken < 100_000 && full.take(Buffer.of(1), unread)) taken += 1;
  expect(taken).toBeLessThan(10_000);

  const read = stream();
  const kept = createReceiver(2, () => undefined);
  kept.pull(read);
  // It is always some way behind.
  for (let index = 0; index < 100_000; index++) {
    expect(kept.take(Buffer.of(1), read)).toBe(true);
    if (index > 5_000) read.read(1);
    kept.pull(read);
  }
  read.destroy();
  unread.destroy();
});
