import { randomUUID } from "node:crypto";
import { access, mkdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Freed } from "../../src/contract/retention.ts";
import { createLogger } from "../../src/lib/logger.ts";
import { insertMessageFiles } from "../../src/messages/message-file-queries.ts";
import { insertMessage } from "../../src/messages/message-queries.ts";
import { takeLease } from "../../src/runs/lease-queries.ts";
import { createRetention } from "../../src/runs/retention.ts";
import { appendEvents } from "../../src/sessions/event-queries.ts";
import { makeRepository } from "../support/git.ts";
import { addSession, NEVER, openWorkspaceHouse, type WorkspaceHouse } from "../support/workspaces.ts";

const WORKER = "worker-test";
const DAY_MS = 24 * 60 * 60_000;
const daysAgo = (days: number) => new Date(Date.now() - days * DAY_MS);
const every = (days: number) => ({
  events: days,
  logResults: days,
  transcripts: days,
  inbox: days,
  deliveries: days,
  workspaces: days,
  snapshots: days,
  snapshotRefs: days,
  messageFiles: days,
  runFiles: days,
});

let house: WorkspaceHouse;
let dirs: { runs: string; claude: string };
beforeEach(async () => {
  house = await openWorkspaceHouse();
  dirs = { runs: join(house.root, "data/runs"), claude: join(house.root, "data/claude") };
  for (const dir of Object.values(dirs)) await mkdir(dir, { recursive: true });
});
afterEach(() => house[Symbol.asyncDispose]());

const openRetention = (days = every(30)) =>
  createRetention({
    db: house.db,
    log: createLogger("silent"),
    workerId: WORKER,
    dirs,
    archiveWorkspace: house.service.archive,
    cleanSnapshots: house.service.cleanSnapshots,
    config: { hour: 3, days },
  });

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

/** A session with a prepared worktree and a little of everything, whose last event was so many days ago. */
async function addOldSession(days: number, status = "completed") {
  const { db, service } = house;
  const repository = join(house.root, `repository-${randomUUID()}`);
  await makeRepository(repository);
  const { sessionId, path } = await addSession(house, { projectType: "worktree", projectPath: repository });
  await service.prepare(sessionId, NEVER);
  await writeFile(join(path, "new.txt"), "one\n");
  await service.snapshot(sessionId, null);
  await writeFile(join(path, "new.txt"), "two\n");
  await service.snapshot(sessionId, null);
  await appendEvents(db, sessionId, [{ type: "notification", data: { text: "old" } }]);
  const timestamp = daysAgo(days);
  await db
    .insertInto("commandLogs")
    .values({ sessionId, tool: "Bash", result: "output", status: "succeeded", timestamp })
    .execute();
  await db
    .insertInto("conversationCopies")
    .values({ sessionId, claudeSessionId: sessionId, transcript: Buffer.from("x"), bytes: 1 })
    .execute();
  await db
    .insertInto("inbox")
    .values({ door: "api", externalId: randomUUID(), bodyHash: Buffer.from("x"), receivedAt: timestamp })
    .execute();
  const message = { sessionId, direction: "inbound", source: "slack", content: "with a file" };
  const { id } = await insertMessage(db, message);
  await insertMessageFiles(db, id, [{ name: "a.txt", mediaType: "text/plain", content: Buffer.from("bytes") }]);
  await mkdir(join(dirs.claude, sessionId));
  await db.updateTable("sessions").set({ status, updatedAt: timestamp }).where("id", "=", sessionId).execute();
  return { sessionId, path };
}

async function leftOf(sessionId: string) {
  const { db } = house;
  const count = async (table: "sessionEvents" | "conversationCopies" | "workspaceSnapshots") =>
    (await db.selectFrom(table).select("sessionId").where("sessionId", "=", sessionId).execute()).length;
  const log = await db.selectFrom("commandLogs").select("result").where("sessionId", "=", sessionId).executeTakeFirst();
  const [file] = await findFilesOf(sessionId);
  return {
    file: file?.content?.toString() ?? `${file?.name} without its bytes`,
    events: await count("sessionEvents"),
    transcripts: await count("conversationCopies"),
    snapshots: await count("workspaceSnapshots"),
    result: log?.result ?? null,
    claudeFolder: await exists(join(dirs.claude, sessionId)),
  };
}

const findFilesOf = (sessionId: string) =>
  house.db
    .selectFrom("messageFiles as f")
    .innerJoin("sessionMessages as m", "m.id", "f.messageId")
    .select(["f.name", "f.content"])
    .where("m.sessionId", "=", sessionId)
    .execute();

const KEPT = { transcripts: 1, snapshots: 2, result: "output", file: "bytes" };

/** Of each kind, in the ledger and on the disk together. */
function counts(freed: readonly Freed[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { what, count } of freed) sums[what] = (sums[what] ?? 0) + count;
  return sums;
}

test("what has passed its lifetime goes, what has not stays, and a dry run says the same without touching it", async () => {
  const old = await addOldSession(40);
  const young = await addOldSession(20);
  const busy = await addOldSession(40, "waiting");
  const stale = join(dirs.runs, "stale");
  await mkdir(stale);
  await utimes(stale, daysAgo(40), daysAgo(40));
  await mkdir(join(dirs.runs, "fresh"));
  const before = { young: await leftOf(young.sessionId), busy: await leftOf(busy.sessionId) };
  const retention = openRetention();

  const preview = await retention.preview();
  expect(counts(preview)).toMatchObject({
    events: 1,
    inbox: 2,
    snapshots: 1,
    snapshotRefs: 1,
    messageFiles: 1,
    workspaces: 1,
    runFiles: 1,
  });
  expect(await leftOf(old.sessionId)).toMatchObject({ ...KEPT, events: 1 });
  expect(await exists(old.path)).toBe(true);

  const freed = await retention.run();
  expect(counts(freed)).toEqual(counts(preview));
  expect(
    freed.every(({ count, bytes }) => count === 0 || bytes > 0),
    "room was made",
  ).toBe(true);
  const gone = { transcripts: 0, result: null, file: "a.txt without its bytes" };
  expect(await leftOf(old.sessionId)).toMatchObject(gone);
  expect(await exists(old.path)).toBe(false);
  const session = await house.db.selectFrom("sessions").selectAll().where("id", "=", old.sessionId).executeTakeFirst();
  expect(session).toMatchObject({ status: "archived" });
  expect(await exists(stale)).toBe(false);
  expect(await exists(join(dirs.runs, "fresh"))).toBe(true);
  expect(await leftOf(young.sessionId)).toEqual(before.young);
  expect(await leftOf(busy.sessionId)).toMatchObject({ ...before.busy, result: null });
  expect(await exists(busy.path)).toBe(true);

  await house.service.prepare(old.sessionId, NEVER);
  expect(await exists(join(old.path, "new.txt")), "an archived workspace comes back").toBe(true);
});

test("a lifetime of 0 keeps for ever", async () => {
  const { sessionId, path } = await addOldSession(10_000);
  expect(await openRetention(every(0)).run()).toEqual([]);
  expect(await leftOf(sessionId)).toMatchObject({ ...KEPT, events: 1 });
  expect(await exists(path)).toBe(true);
});

test("of all processes one does the day's cleaning, and what it freed can be read", async () => {
  await addOldSession(40);
  const retentions = Array.from({ length: 4 }, () => openRetention());
  await Promise.all(retentions.map((retention) => retention.runIfDue()));
  await retentions[0]?.runIfDue();
  const rows = await house.db.selectFrom("retentionRuns").select("scope").orderBy("scope").execute();
  expect(rows.map(({ scope }) => scope)).toEqual(["files", "ledger"]);

  const report = await retentions[1]?.report();
  expect(report?.last.map(({ scope, error }) => [scope, error])).toEqual([
    ["files", null],
    ["ledger", null],
  ]);
  expect(report?.last[1]?.freed).toContainEqual({ what: "events", count: 1, bytes: expect.any(Number) });
  expect(Date.parse(report?.nextAt ?? "")).toBeGreaterThan(Date.now());
});

test("a workspace whose session has an actor is not removed under it", async () => {
  const { sessionId, path } = await addOldSession(40);
  await takeLease(house.db, { sessionId, workerId: WORKER, processId: randomUUID() });
  await openRetention().run();
  expect(await exists(path)).toBe(true);
});

test("a long table goes in bounded steps, to its end", async () => {
  const { sessionId } = await addOldSession(40);
  const events = Array.from({ length: 2_500 }, (_, n) => ({ type: "notification" as const, data: { n } }));
  await appendEvents(house.db, sessionId, events);
  await house.db
    .updateTable("sessions")
    .set({ updatedAt: daysAgo(40) })
    .where("id", "=", sessionId)
    .execute();
  const freed = await openRetention({ ...every(0), events: 30 }).run();
  expect(freed).toEqual([{ what: "events", count: 2_501, bytes: expect.any(Number) }]);
});
