import { afterAll, beforeAll, expect, test } from "vitest";
import { Schedule, ScheduleFire, ScheduleFirePage, SchedulePage } from "../../src/contract/schedule.ts";
import { testApp, type TestApp } from "../support/app.ts";

let app: TestApp;
beforeAll(async () => {
  app = await testApp({ RUN_MAX_ATTEMPTS: "1" });
});
afterAll(() => app[Symbol.asyncDispose]());

async function send(method: string, path: string, body?: object, headers: Record<string, string> = {}) {
  const answer = await app.fetch(path, {
    method,
    headers: { "content-type": "application/json", ...headers },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const text = await answer.text();
  return { status: answer.status, body: (text === "" ? {} : JSON.parse(text)) as Record<string, unknown> };
}

const script = (...steps: object[]) => `MOCK${JSON.stringify(steps)}`;
const local = () => ({ projectType: "local", projectPath: app.folder });
/** Due once a year, so that only who asks for it fires it. */
const rarely = { cron: "0 0 1 1 *" };
const make = async (body: object) =>
  Schedule.parse((await send("POST", "/api/schedules", { name: "s", ...rarely, ...body })).body);
const history = async (scheduleId: string) =>
  (await app.request(ScheduleFirePage, `/api/schedules/${scheduleId}/history`)).items;

test("a schedule goes on with a session every second, by the real clock and the real Claude, once at a time", async () => {
  const { sessionId } = await app.start({ ...local(), initialPrompt: script({ text: "First." }) });
  await app.until(sessionId, ["completed"]);
  const { scheduleId, nextFires } = await make({
    name: "Every second",
    cron: "* * * * * *",
    continue: { sessionId, prompt: script({ text: "Again." }) },
  });
  expect(nextFires).toHaveLength(5);
  await expect
    .poll(async () => (await history(scheduleId)).filter(({ runStatus }) => runStatus === "succeeded").length, {
      timeout: 45_000,
    })
    .toBeGreaterThanOrEqual(2);
  const paused = await send("PATCH", `/api/schedules/${scheduleId}`, { paused: true });
  expect(paused.body).toMatchObject({ status: "paused", pausedReason: "Paused by hand.", nextFires: [] });
  await app.until(sessionId, ["completed"]);

  const fires = await history(scheduleId);
  const fired = fires.filter(({ status }) => status === "fired").toReversed();
  const runs = await app.runs(sessionId);
  expect(runs.slice(1).map(({ runId }) => runId)).toEqual(fired.map(({ runId }) => runId));
  expect(fires.filter(({ status }) => status === "skipped").length, "a run takes longer than a second").toBeGreaterThan(
    0,
  );
  const messages = await app.messages(sessionId);
  expect(messages[2]).toMatchObject({
    source: "schedule",
    author: "Every second",
    metadata: { schedule: { scheduleId, name: "Every second", dueAt: fired[0]?.dueAt } },
  });
  expect(messages[3]).toMatchObject({ direction: "outbound", content: "Again." });
});

test("a schedule starts a template with its variables, and takes its timing where it says nothing", async () => {
  const template = await send("POST", "/api/templates", {
    name: "Report",
    variables: { topic: {} },
    session: { ...local(), title: "Report on {{topic}}", metadata: { team: "core" } },
    schedule: { cron: "0 9 * * mon", timeZone: "Europe/Berlin", overlap: "queue" },
  });
  const made = await send("POST", "/api/schedules", {
    name: "Weekly",
    start: { template: "report", variables: { topic: "tests" } },
    missed: "record",
  });
  const schedule = Schedule.parse(made.body);
  expect(schedule).toMatchObject({
    cron: "0 9 * * mon",
    timeZone: "Europe/Berlin",
    overlap: "queue",
    missed: "record",
    start: { template: "Report", variables: { topic: "tests" } },
  });
  const path = `/api/schedules/${schedule.scheduleId}`;
  const fire = ScheduleFire.parse((await send("POST", `${path}/fire`)).body);
  expect(await send("GET", `/api/sessions/${fire.sessionId}`)).toMatchObject({
    body: { title: "Report on tests", source: "schedule", metadata: { team: "core", schedule: { name: "Weekly" } } },
  });

  const templatePath = `/api/templates/${String(template.body["templateId"])}`;
  expect(await send("DELETE", templatePath)).toMatchObject({
    status: 409,
    body: { message: 'Schedules start this template, delete or change them first: "Weekly"' },
  });
  await send("PATCH", templatePath, {
    variables: { topic: {}, more: {} },
    session: { ...local(), title: "{{topic}} {{more}}" },
  });
  expect(await send("POST", `${path}/fire`)).toMatchObject({
    status: 409,
    body: { message: 'variables.more is required by the template "Report"' },
  });
  expect((await send("DELETE", path)).status).toBe(204);
  expect((await send("DELETE", templatePath)).status).toBe(204);
  expect((await send("GET", `/api/sessions/${fire.sessionId}`)).status, "what it started stays").toBe(200);
});

test("a schedule is fired by hand once for each key, not while its work is on, and also when it is paused", async () => {
  const { scheduleId } = await make({ start: { ...local(), initialPrompt: script({ text: "Done." }) }, paused: true });
  const path = `/api/schedules/${scheduleId}/fire`;
  const answers = await Promise.all(
    Array.from({ length: 4 }, () => send("POST", path, undefined, { "idempotency-key": "once" })),
  );
  for (const { body, status } of answers) {
    expect(status).toBe(201);
    expect(body["fireId"]).toEqual(answers[0]?.body["fireId"]);
  }
  expect(await send("POST", path)).toMatchObject({ status: 409, body: { code: "conflict" } });
  await app.until(String(answers[0]?.body["sessionId"]), ["completed"]);
  expect(await send("POST", path)).toMatchObject({ status: 201, body: { cause: "hand", status: "fired" } });
  expect(await history(scheduleId)).toHaveLength(2);
});

test.each([
  [{ cron: "61 * * * *" }, "body.cron"],
  [{ cron: "@daily" }, "body.cron"],
  [{ cron: undefined }, "body.cron"],
  [{ timeZone: "Berlin" }, "body.timeZone"],
  [{ overlap: "parallel" }, "body.overlap"],
  [{ missed: "all" }, "body.missed"],
  [{ start: undefined }, "body.start"],
  [{ continue: { sessionId: crypto.randomUUID(), prompt: "x" } }, "body.continue"],
  [{ start: undefined, continue: { sessionId: crypto.randomUUID(), prompt: "x" } }, "body.continue.sessionId"],
  [{ start: { projectType: "local", projectPath: "/no/such/folder" } }, "body.start.projectPath"],
  [{ start: { projectPath: "/tmp" } }, "body.start.projectType"],
  [{ start: { template: "No such" } }, "body.start.template"],
  [{ start: { source: "api" } }, "body.start.source"],
  [{ nme: "typo" }, "body.nme"],
])("a schedule with %j is refused and names %s", async (change, field) => {
  const body = { name: "s", ...rarely, start: local(), ...change };
  expect(await send("POST", "/api/schedules", body)).toMatchObject({ status: 400, body: { errors: [{ field }] } });
});

test("schedules are listed, changed and paged, and a change of time is due from now on", async () => {
  const first = await make({ name: "first", start: local() });
  const second = await make({ name: "second", start: local() });
  const path = `/api/schedules/${first.scheduleId}`;
  const changed = await send("PATCH", path, { cron: "30 2 * * *", timeZone: "Europe/Berlin", overlap: "queue" });
  expect(changed.body).toMatchObject({ name: "first", overlap: "queue", missed: "run-once", start: local() });
  expect(changed.body["nextFires"]).toHaveLength(5);
  expect(await app.request(Schedule, path)).toEqual(changed.body);
  const row = await app.db
    .selectFrom("schedules")
    .select("nextDueAt")
    .where("id", "=", first.scheduleId)
    .executeTakeFirst();
  expect(row?.nextDueAt?.toISOString()).toBe((changed.body["nextFires"] as string[])[0]);
  expect(await send("PATCH", path, {})).toMatchObject({ status: 400 });
  expect(await send("PATCH", path, { cron: "0 0 30 2 *" })).toMatchObject({ status: 400 });

  const page = await app.request(SchedulePage, "/api/schedules?limit=1");
  expect(page.items.map(({ scheduleId }) => scheduleId)).toEqual([second.scheduleId]);
  const rest = await app.request(SchedulePage, `/api/schedules?limit=1&cursor=${page.nextCursor}`);
  expect(rest.items.map(({ scheduleId }) => scheduleId)).toEqual([first.scheduleId]);
  expect((await send("DELETE", path)).status).toBe(204);
  for (const [method, at] of [
    ["GET", path],
    ["DELETE", path],
    ["GET", `${path}/history`],
    ["POST", `${path}/fire`],
  ] as const)
    expect(await send(method, at)).toMatchObject({ status: 404 });
});
