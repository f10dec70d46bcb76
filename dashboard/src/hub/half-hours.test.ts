import { expect, test } from "vitest";
import { halfHours } from "./half-hours.ts";
import type { HubMachineEvent } from "./hub-api.ts";

const AT = Date.parse("2026-11-21T12:00:00Z");
const MINUTE = 60_000;

/** Events as the hub tells them, the latest first; each as minutes before now, kind, text. */
const told = (...list: [minutes: number, kind: HubMachineEvent["kind"], text: string][]): HubMachineEvent[] =>
  list.map(([minutes, kind, text], index) => ({
    id: list.length - index,
    at: new Date(AT - minutes * MINUTE).toISOString(),
    kind,
    text,
    by: null,
  }));

test("each half hour shows the most a machine was in it, and what nobody knows stays open", () => {
  const events = told(
    [10, "status", "busy → idle"],
    [70, "status", "idle → busy"],
    [75, "warning", "the disk is nearly full"],
    [130, "connected", "with token build"],
    [200, "disconnected", "the socket closed"],
    [260, "connected", "with token build"],
  );
  const blocks = halfHours(events, { at: AT, state: "idle" });
  expect(blocks).toHaveLength(48);
  expect(blocks.slice(-10)).toEqual([
    undefined,
    "idle",
    "idle",
    "idle",
    "offline",
    "idle",
    "idle",
    "busy",
    "busy",
    "busy",
  ]);
  expect(blocks.slice(0, -9).every((block) => block === undefined)).toBe(true);
});

test("a machine that is away for days is offline in every block, one that was never heard of in none", () => {
  const away = halfHours(told([3_000, "disconnected", "gone"]), { at: AT, state: "offline" });
  expect(new Set(away)).toEqual(new Set(["offline"]));
  expect(new Set(halfHours([], { at: AT, state: "idle" }))).toEqual(new Set([undefined]));
});
