import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { CreateSchedule } from "../../src/contract/schedule.ts";
import { nextDue } from "../../src/lib/cron-line.ts";
import { testDatabase, type TestDatabase } from "../support/database.ts";
import { endRuns, GONE, insertWorker, openScheduling } from "../support/scheduling.ts";

let database: TestDatabase;
let parts: ReturnType<typeof openScheduling>;
beforeAll(async () => {
  database = await testDatabase();
  await insertWorker(database.db);
  parts = openScheduling(database.db);
});
beforeEach(async () => {
  await database.db.deleteFrom("schedules").execute();
  await endRuns(database.db, "succeeded");
});
afterAll(() => database[Symbol.asyncDispose]());

const at = (time: string) => new Date(`2026-11-21T${time}Z`);
const local = { projectType: "local", projectPath: "/" } as const;
const work = { start: { ...local, initialPrompt: "Do it" } };

/** A schedule that is due from a time on, whatever the clock says. */
async function make(body: Partial<CreateSchedule> = {}, from = at("09:00:00")): Promise<string> {
  const { cron = "*/5 * * * *" } = body;
  const all = { name: "s", paused: false, ...(body.continue ? {} : work), ...body, cron };
  const { scheduleId } = await parts.schedules.create(all);
  const nextDueAt = nextDue(cron, all.timeZone ?? "UTC", from) ?? null;
  await database.db.updateTable("schedules").set({ nextDueAt }).where("id", "=", scheduleId).execute();
  return scheduleId;
}

const tick = (time: string | Date) => parts.scheduler.tick(typeof time === "string" ? at(time) : time);

/** What became of each time, oldest first. */
const history = async (scheduleId: string, keys: readonly ("cause" | "reason")[] = []) =>
  (await parts.schedules.history(scheduleId, { limit: 200 })).items
    .toReversed()
    .map(({ dueAt, status, ...fire }) => [dueAt.slice(11, 16), status, ...keys.map((key) => fire[key])].join(" "));

test("nothing is fired before its time, and at its time once, however often anybody looks", async () => {
  const id = await make();
  await tick("09:04:59");
  expect(await history(id)).toEqual([]);
  await Promise.all([tick("09:05:00"), tick("09:05:00"), tick("09:05:01")]);
  await tick("09:05:02");
  expect(await history(id, ["cause"])).toEqual(["09:05 fired time"]);
});

test("what was started says which schedule it was, and when it was due", async () => {
  const id = await make({ name: "Nightly" });
  await tick("09:05:00");
  const [fire] = (await parts.schedules.history(id, { limit: 1 })).items;
  const session = await parts.sessions.get(fire?.sessionId ?? "");
  expect(session.source).toBe("schedule");
  expect(session.metadata).toEqual({
    schedule: { scheduleId: id, name: "Nightly", dueAt: "2026-11-21T09:05:00.000Z" },
  });
  expect(fire).toMatchObject({ runStatus: "queued", firedAt: "2026-11-21T09:05:00.000Z" });
});

test("times that nobody was there for are made up for once, by the newest, when that is wished", async () => {
  const id = await make({ missed: "run-once" });
  await tick("09:28:00");
  expect(await history(id, ["cause"])).toEqual([
    "09:05 missed time",
    "09:10 missed time",
    "09:15 missed time",
    "09:20 missed time",
    "09:25 fired missed",
  ]);
  await endRuns(database.db, "succeeded");
  await tick("09:30:00");
  expect((await history(id, ["cause"])).at(-1)).toBe("09:30 fired time");
});

test("times that nobody was there for are only written down, when that is wished", async () => {
  const id = await make({ missed: "record" });
  await tick("09:13:00");
  expect(await history(id)).toEqual(["09:05 missed", "09:10 missed"]);
  expect(await history(id, ["reason"])).toContain("09:10 missed No server was there in time.");
  await tick("09:15:20");
  expect((await history(id)).at(-1)).toBe("09:15 fired");
});

test("a minute late is not missed; earlier times that were fall to the history", async () => {
  const id = await make({ missed: "record", cron: "* * * * *" });
  await tick("09:03:59");
  expect(await history(id)).toEqual(["09:01 missed", "09:02 missed", "09:03 fired"]);
});

test("after a long time away the history says the last times one by one, and that there were more", async () => {
  const id = await make({ missed: "record", cron: "* * * * * *" });
  await tick("12:00:00");
  const rows = await history(id, ["reason"]);
  expect(rows).toHaveLength(26);
  expect(rows[0]).toContain("nor for those before it, since 2026-11-21T09:00:01.000Z");
  expect(rows.at(-1)).toMatch(/^12:00 fired/);
});

test("with skip, a time at which the work before is still on is left out, and the history says so", async () => {
  const id = await make({ overlap: "skip" });
  await tick("09:05:00");
  await tick("09:10:00");
  await endRuns(database.db, "succeeded");
  await tick("09:15:00");
  expect(await history(id)).toEqual(["09:05 fired", "09:10 skipped", "09:15 fired"]);
  expect((await history(id, ["reason"]))[1]).toMatch(/Session [\da-f-]{36} is still at work on the one before/);
});

test("with queue, each waits for the one before, in order, and more than ten are left out", async () => {
  const id = await make({ overlap: "queue" });
  for (let minute = 5; minute < 60; minute += 5) await tick(`09:${String(minute).padStart(2, "0")}:00`);
  await tick("10:00:00");
  const waiting = await history(id);
  expect(waiting.filter((line) => line.endsWith("queued"))).toHaveLength(10);
  expect([waiting[0], waiting.at(-1)]).toEqual(["09:05 fired", "10:00 skipped"]);
  await endRuns(database.db, "succeeded");
  await Promise.all([tick("10:00:01"), tick("10:00:01")]);
  await tick("10:00:02");
  expect((await history(id)).slice(0, 3)).toEqual(["09:05 fired", "09:10 fired", "09:15 queued"]);
});

test("three runs in a row that fail pause a schedule, and resuming it forgets them", async () => {
  const id = await make();
  for (const [time, end] of [
    ["09:05:00", "failed"],
    ["09:10:00", "succeeded"],
    ["09:15:00", "failed"],
    ["09:20:00", "failed"],
    ["09:25:00", "failed"],
  ] as const) {
    await tick(time);
    await endRuns(database.db, end);
  }
  await tick("09:25:10");
  const paused = await parts.schedules.get(id);
  expect(paused).toMatchObject({ status: "paused", failures: 3, nextFires: [] });
  expect(paused.pausedReason).toMatch(/^3 in a row failed; the last one: the run of session [\da-f-]{36} failed$/);
  await tick("09:30:00");
  expect((await history(id)).at(-1)).toBe("09:25 fired");

  const resumed = await parts.schedules.update(id, { paused: false });
  expect(resumed).toMatchObject({ status: "active", failures: 0, pausedAt: null, pausedReason: null });
  expect(resumed.nextFires).toHaveLength(5);
});

test("what cannot be started is a failure in the history, with the reason, and three of them pause it too", async () => {
  const id = await make({ start: { ...local, projectPath: "/", initialPrompt: "x" } });
  await database.db
    .updateTable("schedules")
    .set({ start: { ...local, projectPath: GONE } })
    .execute();
  for (const time of ["09:05:00", "09:10:00", "09:15:00", "09:20:00"]) await tick(time);
  expect(await history(id, ["reason"])).toEqual([
    "09:05 failed projectPath is not a folder",
    "09:10 failed projectPath is not a folder",
    "09:15 failed projectPath is not a folder",
  ]);
  expect((await parts.schedules.get(id)).pausedReason).toBe(
    "3 in a row failed; the last one: projectPath is not a folder",
  );
});

test("what is refused only while it is written is a failure too, and leaves nothing half done", async () => {
  const { sessionId } = await parts.sessions.create({ ...local, title: "full" });
  const id = await make({ continue: { sessionId, prompt: "again" }, overlap: "queue" });
  await sql`with said as (
      insert into session_messages (session_id, direction, source, content)
      select ${sessionId}, 'inbound', 'api', n::text from generate_series(1, 100) n returning id)
    insert into runs (session_id, message_id, number)
      select ${sessionId}, id, row_number() over () from said`.execute(database.db);
  await database.db.updateTable("sessions").set({ runCount: 100 }).where("id", "=", sessionId).execute();
  await tick("09:05:00");
  expect((await history(id, ["reason"]))[0]).toMatch(/^09:05 failed 100 messages wait in this session already/);
  const { n } = await database.db
    .selectFrom("runs")
    .select((eb) => eb.fn.countAll<number>().as("n"))
    .where("sessionId", "=", sessionId)
    .executeTakeFirstOrThrow();
  expect(n).toBe(100);
});

test.each([
  ["2026-03-28T12:00:00Z", "30 2 * * *", ["01:00 fired", "00:30 fired"]],
  ["2026-10-24T12:00:00Z", "30 2 * * *", ["00:30 fired", "01:30 fired"]],
  ["2026-10-24T23:45:00Z", "*/30 2 * * *", ["00:00 fired", "00:30 fired", "01:00 fired", "01:30 fired"]],
])("on the days when clocks change in Berlin: after %s, %s fires at %j", async (from, cron, expected) => {
  const begin = new Date(from);
  const id = await make({ cron, timeZone: "Europe/Berlin", start: local, missed: "record" }, begin);
  for (let minutes = 0; (await history(id)).length < expected.length && minutes < 48 * 60; minutes += 15)
    await tick(new Date(begin.getTime() + minutes * 60_000));
  expect(await history(id)).toEqual(expected);
});

test("the history keeps the newest thousand times", async () => {
  const id = await make({ start: local });
  const rows = Array.from({ length: 1_005 }, (_, n) => ({
    scheduleId: id,
    dueAt: new Date(at("08:00:00").getTime() - n * 60_000),
    cause: "time",
    status: "missed",
  }));
  await database.db.insertInto("scheduleFires").values(rows).execute();
  await tick("09:05:00");
  const { n } = await database.db
    .selectFrom("scheduleFires")
    .select((eb) => eb.fn.countAll<number>().as("n"))
    .where("scheduleId", "=", id)
    .executeTakeFirstOrThrow();
  expect(n).toBe(1_000);
});
