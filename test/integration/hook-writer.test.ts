import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "kysely";
import { expect, test } from "vitest";
import { openListener } from "../../src/db/notify.ts";
import { createLogger } from "../../src/lib/logger.ts";
import { SESSION_EVENTS } from "../../src/sessions/event-queries.ts";
import { startHookServer } from "../support/hook-server.ts";

const tool = (session_id: string, tool_use_id: string, more: object = {}) => ({
  session_id,
  cwd: "/home/dev/project",
  hook_event_name: "PostToolUse",
  tool_name: "Bash",
  tool_input: { command: "ls" },
  tool_response: { stdout: "ok", stderr: "" },
  tool_use_id,
  duration_ms: 1,
  ...more,
});

test("a thousand hooks at once are all stored, each once, in few statements, and wake the feed", async () => {
  await using server = await startHookServer();
  await using listener = await openListener(server.connectionString, createLogger("silent"));
  const woken = new Set<string>();
  await listener.listen(SESSION_EVENTS, (payload) => void woken.add(payload));
  const conversations = Array.from({ length: 5 }, () => randomUUID());
  const bodies = conversations.flatMap((id) => Array.from({ length: 200 }, (_, n) => tool(id, `t${n}`)));
  const answers = await Promise.all(bodies.map((body) => server.post(body)));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([204]));

  const sessions = await server.db.selectFrom("sessions").select(["id", "lastSeq"]).execute();
  expect(sessions).toHaveLength(5);
  for (const { id, lastSeq } of sessions) {
    const seqs = await server.db
      .selectFrom("sessionEvents")
      .select("seq")
      .where("sessionId", "=", id)
      .orderBy("seq")
      .execute();
    // session.created, then one event for each of the 200 calls.
    expect(seqs.map(({ seq }) => seq)).toEqual(Array.from({ length: 201 }, (_, n) => n + 1));
    expect(lastSeq).toBe(201);
  }
  const { rows } = await sql<{
    statements: number;
  }>`select count(distinct xmin::text)::int as statements from command_logs`.execute(server.db);
  expect(rows[0]?.statements).toBeLessThan(500);
  for (let tries = 0; woken.size < 5 && tries < 100; tries += 1) await sleep(20);
  expect(woken).toEqual(new Set(sessions.map(({ id }) => id)));
});

test("one row the database refuses fails alone; its neighbours of the batch are stored", async () => {
  await using server = await startHookServer();
  await sql`alter table command_logs add check (tool <> 'Poison')`.execute(server.db);
  const id = randomUUID();
  await server.post(tool(id, "first"));
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, n) => server.post(tool(id, `t${n}`, n === 25 ? { tool_name: "Poison" } : {}))),
  );
  expect(answers.map(({ status }) => status).filter((status) => status !== 204)).toEqual([400]);
  expect(answers[25]?.status).toBe(400);
  const stored = await server.db.selectFrom("commandLogs").select("toolUseId").execute();
  expect(stored).toHaveLength(50);
});

test("when too many hooks wait the next is answered 503 with Retry-After, and later hooks are taken again", async () => {
  await using server = await startHookServer({ limits: { rows: 3 } });
  const id = randomUUID();
  await server.post(tool(id, "first"));
  const posts = await server.db.transaction().execute(async (tx) => {
    await sql`select from sessions for update`.execute(tx);
    const refused: Headers[] = [];
    const all = Array.from({ length: 8 }, async (_, n) => {
      const { status, headers } = await server.post(tool(id, `t${n}`));
      if (status === 503) refused.push(headers);
      return status;
    });
    // One is being written, three wait.
    for (let tries = 0; refused.length < 4 && tries < 500; tries += 1) await sleep(20);
    expect(refused.map((headers) => headers.get("retry-after"))).toEqual(["1", "1", "1", "1"]);
    return all;
  });
  const statuses = (await Promise.all(posts)).toSorted((a, b) => a - b);
  expect(statuses).toEqual([204, 204, 204, 204, 503, 503, 503, 503]);
  expect((await server.post(tool(id, "after"))).status).toBe(204);
});

test("texts that wait count too: a bound of characters holds back what a bound of rows would take", async () => {
  await using server = await startHookServer({ limits: { chars: 10_000 } });
  const id = randomUUID();
  await server.post(tool(id, "first"));
  const taken = await server.db.transaction().execute(async (tx) => {
    await sql`select from sessions for update`.execute(tx);
    const big = { tool_response: { stdout: "x".repeat(30_000), stderr: "" } };
    const underWay = server.post(tool(id, "a", big));
    await sleep(100);
    const waits = server.post(tool(id, "b", big));
    await sleep(100);
    const refused = await server.post(tool(id, "c", big));
    expect(refused.status).toBe(503);
    return [underWay, waits];
  });
  expect((await Promise.all(taken)).map(({ status }) => status)).toEqual([204, 204]);
});

test("a session that another writer holds for long fails alone; other sessions wait for it once, not for each hook", async () => {
  await using server = await startHookServer({ limits: { lockTimeoutMs: 1_000 } });
  const [held, free] = [randomUUID(), randomUUID()];
  await server.post(tool(held, "first"));
  await server.post(tool(free, "first"));
  await server.db.transaction().execute(async (tx) => {
    await sql`select from sessions where claude_session_id = ${held} for update`.execute(tx);
    const begun = performance.now();
    const posts = Array.from({ length: 10 }, (_, n) => server.post(tool(n % 2 === 0 ? held : free, `t${n}`)));
    const statuses = (await Promise.all(posts)).map(({ status }) => status);
    expect(statuses).toEqual(Array.from({ length: 10 }, (_, n) => (n % 2 === 0 ? 503 : 204)));
    // One alone, the batch behind it, one of that batch again; five waits would be one for each.
    expect(performance.now() - begun).toBeLessThan(4_800);
  });
  expect((await server.post(tool(held, "after"))).status).toBe(204);
});

test("without its database a hook is answered 503, and it is taken when the database is back", async () => {
  await using server = await startHookServer();
  const id = randomUUID();
  await server.post(tool(id, "a"));
  await sql`alter table session_events rename to away`.execute(server.db);
  expect((await server.post(tool(id, "b"))).status).toBe(503);
  await sql`alter table away rename to session_events`.execute(server.db);
  expect((await server.post(tool(id, "b"))).status).toBe(204);
});

test("disposing waits for what is under way, and takes nothing more", async () => {
  const server = await startHookServer();
  const id = randomUUID();
  await server.post(tool(id, "first"));
  const posts = Array.from({ length: 30 }, (_, n) =>
    server.hooks.receive(JSON.stringify(tool(id, `t${n}`)), "hooks", {}),
  );
  await sleep(0);
  await server.hooks[Symbol.asyncDispose]();
  await Promise.all(posts);
  await expect(server.hooks.receive(JSON.stringify(tool(id, "late")), "hooks", {})).rejects.toThrow("stopping");
  expect(await server.db.selectFrom("commandLogs").select("id").execute()).toHaveLength(31);
  await server[Symbol.asyncDispose]();
});
