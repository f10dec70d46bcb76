import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createLogger } from "../../src/lib/logger.ts";
import { createRetention } from "../../src/runs/retention.ts";
import { findLedgerGauges } from "../../src/usage/metrics-queries.ts";
import { openWorkspaceHouse, type WorkspaceHouse } from "../support/workspaces.ts";

const WORKER = "worker-test";
const DAYS = { events: 0, logResults: 0, transcripts: 0, inbox: 7, deliveries: 30 };
const daysAgo = (days: number) => new Date(Date.now() - days * 24 * 60 * 60_000);

let house: WorkspaceHouse;
beforeEach(async () => {
  house = await openWorkspaceHouse();
});
afterEach(() => house[Symbol.asyncDispose]());

const openRetention = () =>
  createRetention({
    db: house.db,
    log: createLogger("silent"),
    workerId: WORKER,
    dirs: { runs: house.root, claude: house.root },
    archiveWorkspace: house.service.archive,
    cleanSnapshots: house.service.cleanSnapshots,
    config: { hour: 3, days: { ...DAYS, workspaces: 0, snapshots: 0, snapshotRefs: 0, runFiles: 0, messageFiles: 0 } },
  });

/** A delivery as it stands so many days after it was queued, and ended on that day where it has ended. */
async function addDelivery(kind: string, status: "pending" | "sending" | "delivered" | "failed", days: number) {
  const at = daysAgo(days);
  await house.db
    .insertInto("deliveries")
    .values({
      key: randomUUID(),
      kind,
      topic: "run.finished",
      address: `http://127.0.0.1/${randomUUID()}`,
      threadKey: randomUUID(),
      deadline: at,
      createdAt: at,
      status,
      ...(status === "delivered" && { deliveredAt: at }),
      ...(status === "failed" && { givenUpAt: at }),
      ...(status === "sending" && { claim: randomUUID(), claimUntil: at }),
    })
    .execute();
}

const addEntry = (status: "received" | "handling" | "done" | "refused" | "failed", days: number) =>
  house.db
    .insertInto("inbox")
    .values({
      door: "slack",
      externalId: randomUUID(),
      bodyHash: Buffer.from("x"),
      threadKey: randomUUID(),
      receivedAt: daysAgo(days),
      status,
      ...(status === "handling" && { claim: randomUUID(), claimUntil: daysAgo(days) }),
    })
    .execute();

test("deliveries that arrived or were given up go after their lifetime, those on their way stay however old", async () => {
  for (const status of ["pending", "sending", "delivered", "failed"] as const)
    await addDelivery("callback", status, 40);
  for (const status of ["delivered", "failed"] as const) await addDelivery("slack", status, 20);
  const retention = openRetention();
  expect(await retention.preview()).toContainEqual({ what: "deliveries", count: 2, bytes: expect.any(Number) });
  await retention.run();
  const left = await house.db.selectFrom("deliveries").select(["kind", "status"]).orderBy("position").execute();
  expect(left.map(({ kind, status }) => `${kind} ${status}`)).toEqual([
    "callback pending",
    "callback sending",
    "slack delivered",
    "slack failed",
  ]);
  expect((await retention.report()).days.deliveries).toBe(30);
});

test("of what was taken in only what is over goes: what still waits to be handled stays however old", async () => {
  for (const status of ["received", "handling", "done", "refused", "failed"] as const) await addEntry(status, 10);
  await addEntry("done", 2);
  await openRetention().run();
  const left = await house.db.selectFrom("inbox").select("status").orderBy("position").execute();
  expect(left.map(({ status }) => status)).toEqual(["received", "handling", "done"]);
});

test("the gauges count deliveries by channel and status, and what was taken in by status", async () => {
  await addDelivery("callback", "failed", 1);
  await addDelivery("slack", "delivered", 1);
  await addDelivery("slack", "delivered", 2);
  await addEntry("received", 0);
  await addEntry("refused", 0);
  const { deliveries, inbox } = await findLedgerGauges(house.db, WORKER);
  expect(deliveries.toSorted((a, b) => (a.kind < b.kind ? -1 : 1))).toEqual([
    { kind: "callback", status: "failed", count: 1 },
    { kind: "slack", status: "delivered", count: 2 },
  ]);
  expect(inbox).toEqual({ received: 1, refused: 1 });
});
