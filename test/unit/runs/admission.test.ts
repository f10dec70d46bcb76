import { expect, test } from "vitest";
import { mayStart, type AdmissionFacts } from "../../../src/runs/admission.ts";
import type { Budget } from "../../../src/runs/budgets.ts";

const GIB = 1024 ** 3;

const facts = (change: Partial<AdmissionFacts> = {}): AdmissionFacts => ({
  busy: 0,
  starting: 0,
  slots: 4,
  folderBusy: false,
  ahead: 0,
  limitUntil: null,
  renewing: 0,
  budgets: [],
  allPaused: null,
  desired: undefined,
  machine: { availableBytes: 8 * GIB, disks: [{ folder: "/work", freeBytes: 50 * GIB }] },
  room: { memoryBytes: GIB, diskBytes: GIB },
  ...change,
});

const memory = (gib: number) => ({ availableBytes: gib * GIB, disks: [] });

const day: Budget = { of: "day", spentUsd: 5.02, limitUsd: 5, until: new Date(2026, 10, 22) };

test("a run starts when nothing stands against it", () => {
  expect(mayStart(facts())).toBe("yes");
});

test("a pause of everything holds back a run of any workspace, and says whose wish it is", () => {
  const desired = { workspaceId: "w", desired: null, paused: false, pausedBy: null, running: 0 };
  for (const change of [{}, { desired }])
    expect(mayStart(facts({ ...change, allPaused: { by: "ada" } }))).toEqual({
      kind: "desired",
      text: "Everything is paused by ada",
      until: null,
    });
});

test("a run that does not fit into memory waits and says how much is missing", () => {
  const answer = mayStart(facts({ busy: 1, machine: memory(0.4) }));
  expect(answer).toMatchObject({ kind: "memory", until: null });
  expect(answer).toHaveProperty("text", expect.stringMatching(/needs 1\.0 GB of memory; 0\.4 GB were available/));
});

test("one run starts however little memory there is, or nothing would ever run", () => {
  expect(mayStart(facts({ busy: 0, machine: memory(0.1) }))).toBe("yes");
});

test("runs that began a moment ago count with the memory they will take", () => {
  expect(mayStart(facts({ busy: 2, starting: 2, machine: memory(2.5) }))).toMatchObject({ kind: "memory" });
  expect(mayStart(facts({ busy: 2, starting: 1, machine: memory(2.5) }))).toBe("yes");
});

test("an almost full disk stops every new run, also the only one, and names the folder", () => {
  const machine = { availableBytes: 8 * GIB, disks: [{ folder: "/data", freeBytes: 0.2 * GIB }] };
  const answer = mayStart(facts({ busy: 0, machine }));
  expect(answer).toMatchObject({ kind: "disk" });
  expect(answer).toHaveProperty("text", expect.stringContaining("/data is almost full: 0.2 GB free, 1.0 GB must be"));
});

test("a limit of 0 asks for nothing", () => {
  const machine = { availableBytes: 0, disks: [{ folder: "/data", freeBytes: 0 }] };
  expect(mayStart(facts({ busy: 3, machine, room: { memoryBytes: 0, diskBytes: 0 } }))).toBe("yes");
});

test("a spent budget is told before a slot, since it lasts longer", () => {
  const answer = mayStart(facts({ busy: 4, budgets: [day] }));
  expect(answer).toMatchObject({ kind: "budget", until: day.until?.toISOString() });
});

test("the limit of the account comes first of all", () => {
  const limitUntil = new Date();
  expect(mayStart(facts({ limitUntil, budgets: [day], busy: 4 }))).toMatchObject({ kind: "limit" });
});

const counts = { workspaceId: "acme/web", desired: 2, paused: false, pausedBy: null, running: 0 };

test("a workspace has as many runs as desired, and not one more", () => {
  expect(mayStart(facts({ desired: { ...counts, running: 1 } }))).toBe("yes");
  const full = mayStart(facts({ desired: { ...counts, running: 2 } }));
  expect(full).toEqual({ kind: "desired", text: "As many run in acme/web as desired: 2", until: null });
});

test("nothing desired lets nothing begin, and no wish lets everything begin", () => {
  expect(mayStart(facts({ desired: { ...counts, desired: 0 } }))).toMatchObject({
    text: "Nothing is desired in acme/web",
  });
  expect(mayStart(facts({ desired: { ...counts, desired: null, running: 50 } }))).toBe("yes");
});

test("a paused workspace admits nothing, however much is desired", () => {
  const paused = mayStart(facts({ desired: { ...counts, paused: true, pausedBy: "key 1" } }));
  expect(paused).toMatchObject({ kind: "desired", text: "acme/web is paused by key 1" });
});
