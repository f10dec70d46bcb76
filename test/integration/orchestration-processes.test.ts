import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TestDatabase, testDatabase } from "../support/database.ts";
import {
  ask,
  DIALS,
  type Editor,
  editor,
  type Heard,
  serverPair,
  type ServerPair,
  setDesired,
  workspacePath,
} from "../support/orchestration.ts";

/** Two hundred writes wait for each other; a machine that is busy takes its time over each. */
const BURST_MS = 180_000;
const QUICK = { reconnectionDelay: 50, reconnectionDelayMax: 100 };

let database: TestDatabase;
let pair: ServerPair;

beforeAll(async () => {
  database = await testDatabase();
  pair = await serverPair(database.connectionString);
});
afterAll(async () => {
  await pair?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
});

const urlOf = (index: number): string => [pair.one, pair.two][index % 2]?.url ?? "";

const table = async (id: string) =>
  database.db.selectFrom("orchestration").selectAll().where("workspaceId", "=", id).executeTakeFirstOrThrow();

const totals = () => database.db.selectFrom("orchestrationTotals").selectAll().executeTakeFirstOrThrow();

test("five editors on two machines see each other's wishes, as the seed tells it", async () => {
  const { one, two } = pair;
  const places = [
    ["/home/a/ide1", one],
    ["/home/a/ide2", two],
    ["/home/a/ide3", one],
    ["/home/b/ide1", two],
    ["/home/b/ide2", one],
  ] as const;
  const editors = places.map(([id, server]) => editor(server.url, id));
  for (const each of editors)
    expect(await each.until("orchestration.global")).toMatchObject({ running: 0, desired: 0 });
  const steps = [
    ["/home/b/ide1", 1, 1],
    ["/home/a/ide2", 1, 2],
    ["/home/a/ide3", 2, 4],
  ] as const;
  for (const [id, desired, total] of steps) {
    const { status, body } = await setDesired(one.url, id, desired);
    expect(status).toBe(200);
    expect(body).toEqual({
      workspace: { workspace_id: id, running: 0, desired, version: 1, paused: false },
      global: { running: 0, desired: total },
    });
    for (const each of editors) await each.until("orchestration.global", (global) => global.desired === total);
  }
  const own = await editors[2]?.until("orchestration.workspace", ({ desired }) => desired === 2);
  expect(own).toMatchObject({ workspaceId: "/home/a/ide3", workspace_id: "/home/a/ide3", running: 0, desired: 2 });
  expect(editors[0]?.of("orchestration.workspace")).toEqual([]);
  for (const each of editors) each[Symbol.dispose]();
});

describe.each(Object.entries(DIALS))("an editor that dials as %s", (name, dial) => {
  test("subscribes, hears the values at once and what is written at the other process, global first", async () => {
    const { one, two } = pair;
    const id = `/dial/${name}`;
    await setDesired(one.url, id, 3);
    // The other process has heard of it, too.
    using before = editor(two.url, id, { dial });
    await before.until("orchestration.workspace", ({ desired }) => desired === 3);
    using it = editor(two.url, id, { dial });
    await it.until("orchestration.workspace", ({ desired }) => desired === 3);
    expect(it.heard.map(({ event }) => event).slice(0, 3)).toEqual([
      "subscribed",
      "orchestration.global",
      "orchestration.workspace",
    ]);
    await setDesired(one.url, id, 4);
    const changed = await it.until("orchestration.workspace", ({ desired }) => desired === 4);
    const at = it.heard.findIndex(({ payload }) => payload === changed);
    expect(it.heard[at - 1]).toMatchObject({ event: "orchestration.global", payload: { seq: changed.seq } });
    it.socket.emit("unsubscribe", { workspaceId: id });
    expect(await it.until("unsubscribed")).toEqual({ workspaceId: id });
  });
});

test(
  "200 writes at once over two processes reach every editor, each once and in order, and the last is the table's",
  async () => {
    const ids = Array.from({ length: 10 }, (_, index) => `burst ${index}`);
    for (const id of ids) await ask(urlOf(0), workspacePath(id));
    const { seq: before } = await totals();
    const editors = ids.map((id, index) => editor(urlOf(index), id));
    for (const each of editors) await each.until("orchestration.workspace");
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        setDesired(urlOf(index), ids[index % 10] ?? "", Math.floor(index / 10)),
      ),
    );
    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
    const { seq, desired } = await totals();
    expect(seq).toBe(before + 200);
    const all = Array.from({ length: 200 }, (_, index) => before + 1 + index);
    for (const [index, each] of editors.entries()) {
      await each.until("orchestration.global", (global) => global.seq === seq);
      const since = (event: string) => each.of(event).filter((payload) => payload.seq > before);
      expect(since("orchestration.global").map((payload) => payload.seq as number)).toEqual(all);
      expect(since("orchestration.global").at(-1)).toMatchObject({ desired });
      const last = await table(ids[index] ?? "");
      await each.until("orchestration.workspace", (workspace) => workspace.version === last.version);
      expect(since("orchestration.workspace")).toHaveLength(20);
      expect(since("orchestration.workspace").at(-1)).toMatchObject({ desired: last.desired });
      each[Symbol.dispose]();
    }
  },
  BURST_MS,
);

test("its server killed between two writes and started again, an editor shows what is true with no further write", async () => {
  using it = editor(pair.two.url, "restarted", QUICK);
  await setDesired(pair.two.url, "restarted", 3);
  await it.until("orchestration.workspace", ({ desired }) => desired === 3);
  await pair.restartTwo(() => setDesired(pair.one.url, "restarted", 7));
  expect(await it.until("orchestration.workspace", ({ desired }) => desired === 7)).toMatchObject({ version: 2 });
});

test("with the listening connections killed nothing is lost and nothing comes twice", async () => {
  const { one, two } = pair;
  using it = editor(one.url, "deaf");
  await it.until("orchestration.global");
  for (let desired = 1; desired <= 10; desired++) {
    if (desired % 3 === 0)
      await sql`select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and application_name = 'claude-orchestrator listener'`.execute(database.db);
    await setDesired(two.url, "deaf", desired);
  }
  await it.until("orchestration.workspace", ({ desired }) => desired === 10);
  expect(it.of("orchestration.workspace").map(({ desired }) => desired as number)).toEqual(
    Array.from({ length: 10 }, (_, index) => index + 1),
  );
});

const Step = fc.oneof(
  fc.record({ write: fc.nat({ max: 1 }), to: fc.nat({ max: 1 }), desired: fc.nat({ max: 9 }) }),
  fc.record({ client: fc.nat({ max: 2 }), to: fc.nat({ max: 1 }) }),
);

/** What one client was shown, over all its connections. */
function expectNeverBack(heard: Heard["payload"][]): void {
  const seqs = heard.map((payload) => payload.seq as number);
  expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
  // Who is shown the same place in the order twice is shown the same.
  const shown = new Map(heard.map((payload) => [payload.seq, payload.desired]));
  expect(heard.every((payload) => shown.get(payload.seq) === payload.desired)).toBe(true);
}

/** Clients that each follow one of two workspaces at one of two processes, and all their connections so far. */
function wanderers() {
  const ids = [randomUUID(), randomUUID()];
  const lives: Editor[][] = [[], [], []];
  return {
    ids,
    lives,
    async move(client: number, to: number): Promise<void> {
      lives[client]?.at(-1)?.[Symbol.dispose]();
      const life = editor(urlOf(to), ids[client % 2], { transports: ["websocket"] });
      lives[client]?.push(life);
      // Sometimes it is still on its way when others write, and sometimes it is there.
      if (to === 0) await life.until("subscribed");
    },
    [Symbol.dispose](): void {
      for (const life of lives.flat()) life[Symbol.dispose]();
    },
  };
}

test("whoever goes from process to process while others write is never shown what is older, and ends at the truth", async () => {
  const property = fc.asyncProperty(fc.array(Step, { minLength: 8, maxLength: 20 }), async (steps) => {
    using all = wanderers();
    const want = (index: number, to: number, desired: number) => setDesired(urlOf(to), all.ids[index] ?? "", desired);
    for (const client of all.lives.keys()) await all.move(client, client % 2);
    for (const step of steps)
      if ("write" in step) await want(step.write, step.to, step.desired);
      else await all.move(step.client, step.to);
    await want(0, 0, 10);
    await want(1, 1, 11);
    const { seq, desired } = await totals();
    for (const [client, each] of all.lives.entries()) {
      await each.at(-1)?.until("orchestration.workspace", (workspace) => workspace.desired === 10 + (client % 2));
      await each.at(-1)?.until("orchestration.global", (global) => global.seq === seq && global.desired === desired);
      for (const event of ["orchestration.global", "orchestration.workspace"])
        expectNeverBack(each.flatMap((life) => life.of(event)));
    }
  });
  await fc.assert(property, { numRuns: 5 });
});
