import { sql } from "kysely";
import { expect, test } from "vitest";
import { importSeed } from "../../src/cli/import-seed.ts";
import { testDatabase, type TestDatabase } from "../support/database.ts";

const OPTIONS = { workerId: "test-worker" };
const A = "550e8400-e29b-41d4-a716-446655440000";
const CLAUDE = "11111111-2222-4333-8444-555555555555";

/** The four tables as the first version's documentation describes them. */
const DESCRIBED = `
  create table sessions (
    id uuid primary key, project_path text, status text, claude_session_id text,
    metadata jsonb, created_at timestamptz, updated_at timestamptz);
  create table session_messages (
    id uuid primary key default gen_random_uuid(), session_id uuid, direction text, content text, source text, timestamp timestamptz);
  create table command_logs (
    id serial primary key, session_id uuid, tool text, input jsonb, result text, duration_ms integer, timestamp timestamptz);
  create table slack_thread_mapping (thread_ts text primary key, session_id uuid);
  insert into sessions values ('${A}', '/srv/shop', 'active', '${CLAUDE}', '{"team": "web"}', '2024-05-01 10:00:00.123456Z', '2024-05-02Z');
  insert into session_messages (session_id, direction, content, source, timestamp) values
    ('${A}', 'inbound', 'Fix the cart', 'slack', '2024-05-01 10:00Z'), ('${A}', 'outbound', 'Done', 'claude', '2024-05-01 10:05Z');
  insert into command_logs (session_id, tool, input, result, duration_ms, timestamp) values
    ('${A}', 'Bash', '{"command": "npm test"}', 'ok', 1200, '2024-05-01 10:01Z');
  insert into slack_thread_mapping values ('1700000000.000100', '${A}');`;

/** A database with what `statements` make, and an empty ledger beside it. */
async function withSeed(
  statements: string,
  work: (ledger: TestDatabase, seed: TestDatabase) => Promise<void>,
): Promise<void> {
  await using ledger = await testDatabase();
  await using seed = await testDatabase({ migrated: false });
  await sql.raw(statements).execute(seed.db);
  await work(ledger, seed);
}

test("the documented schema is taken over: sessions, messages, tool calls and threads", async () => {
  await withSeed(DESCRIBED, async ({ db }, seed) => {
    const one = { read: 1, imported: 1, skipped: 0 };
    expect(await importSeed(db, seed.connectionString, OPTIONS)).toEqual({
      sessions: one,
      messages: { read: 2, imported: 2, skipped: 0 },
      commandLogs: one,
      threads: one,
      unreadColumns: [],
    });
    expect(await db.selectFrom("sessions").selectAll().executeTakeFirstOrThrow()).toMatchObject({
      id: A,
      title: "shop",
      status: "completed",
      projectType: "local",
      projectPath: "/srv/shop",
      claudeSessionId: CLAUDE,
      observed: true,
      workerId: "test-worker",
      metadata: { team: "web", seedStatus: "active" },
      createdAt: new Date("2024-05-01T10:00:00.123Z"),
      updatedAt: new Date("2024-05-02T00:00:00Z"),
    });
    const messages = await db.selectFrom("sessionMessages").selectAll().orderBy("position").execute();
    expect(messages.map(({ direction, content, source }) => [direction, content, source])).toEqual([
      ["inbound", "Fix the cart", "slack"],
      ["outbound", "Done", "claude"],
    ]);
    expect(await db.selectFrom("commandLogs").selectAll().executeTakeFirstOrThrow()).toMatchObject({
      tool: "Bash",
      input: { command: "npm test" },
      result: "ok",
      status: "succeeded",
      durationMs: 1200,
    });
    expect(await db.selectFrom("slackThreadMapping").select(["channel", "threadTs", "sessionId"]).execute()).toEqual([
      { channel: "", threadTs: "1700000000.000100", sessionId: A },
    ]);
    expect(await db.selectFrom("workspaces").select(["kind", "path", "state"]).execute()).toEqual([
      { kind: "local", path: "/srv/shop", state: "ready" },
    ]);
  });
});

test("a second import adds only what is new, and keeps what was changed here since", async () => {
  await withSeed(DESCRIBED, async ({ db }, seed) => {
    await importSeed(db, seed.connectionString, OPTIONS);
    await db.updateTable("sessions").set({ title: "Renamed here" }).execute();
    await sql
      .raw(`insert into session_messages (session_id, direction, content, source, timestamp)
      values ('${A}', 'inbound', 'And the checkout', 'slack', now())`)
      .execute(seed.db);
    expect(await importSeed(db, seed.connectionString, OPTIONS)).toMatchObject({
      sessions: { read: 1, imported: 0, skipped: 0 },
      messages: { read: 3, imported: 1, skipped: 0 },
      commandLogs: { read: 1, imported: 0, skipped: 0 },
      threads: { read: 1, imported: 0, skipped: 0 },
    });
    expect(await db.selectFrom("sessions").select("title").execute()).toEqual([{ title: "Renamed here" }]);
  });
});

const NUMBERED = `
  create table sessions (id serial primary key, status text, title varchar(500), type text, repo text, tags text[], priority int,
    cost numeric, created_at timestamp);
  create table session_messages (id bigserial primary key, session_id int, role text, content jsonb, created_at timestamp);
  create table command_logs (id bigint, session_id text, tool_name text, input text, result jsonb, success boolean,
    exit_code int, duration_ms numeric, created_at timestamp);
  create table slack_thread_mapping (thread_ts text, session_id int, channel_id text, team_id text);
  set timezone = 'Europe/Berlin';
  insert into sessions (status, title, repo, tags, priority, cost, created_at) values
    ('RUNNING', E'First line\\nsecond line', 'owner/repo', '{a,b}', 3, 1.25, '2024-01-01 12:00'),
    ('error', '', null, null, null, null, '2024-01-02 12:00');
  insert into session_messages (session_id, role, content, created_at) values
    (1, 'user', '"plain"', '2024-01-01 12:00'), (1, 'assistant', '{"text": "structured"}', '2024-01-01 12:01'), (1, 'observer', '"?"', '2024-01-01 12:02');
  insert into command_logs values (7, '1', 'Read', '{"file": "a"}', '{"ok": 1}', true, 0, 12.6, '2024-01-01 12:00'),
    (8, '1', 'Bash', 'not json', '"boom"', false, 1, null, '2024-01-01 12:01');
  insert into slack_thread_mapping values ('1.1', 1, 'C1', 'T1'), (null, 1, 'C1', 'T1');`;

test("integer ids, other names of columns, json where text was expected, and extra columns", async () => {
  await withSeed(NUMBERED, async ({ db }, seed) => {
    await sql
      .raw(
        `do $$ begin execute format('alter database %I set timezone = ''Europe/Berlin''', current_database()); end $$`,
      )
      .execute(seed.db);
    const report = await importSeed(db, seed.connectionString, OPTIONS);
    expect(report.unreadColumns).toEqual(["exit_code"]);
    expect(report.threads).toEqual({ read: 2, imported: 1, skipped: 1 });
    const sessions = await db.selectFrom("sessions").selectAll().orderBy("createdAt").execute();
    expect(sessions).toMatchObject([
      {
        status: "completed",
        title: "First line",
        projectType: "github",
        githubRepo: "owner/repo",
        tags: ["a", "b"],
        metadata: { seedId: "1", seedStatus: "running", priority: 3, cost: 1.25 },
        createdAt: new Date("2024-01-01T11:00:00Z"),
      },
      { status: "failed", title: "Untitled", projectType: "local", metadata: { seedId: "2", seedStatus: "error" } },
    ]);
    const messages = await db.selectFrom("sessionMessages").selectAll().orderBy("position").execute();
    expect(messages).toMatchObject([
      { direction: "inbound", content: "plain", source: "api" },
      { direction: "outbound", content: '{"text":"structured"}', source: "claude" },
      { direction: "inbound", content: "?", metadata: { seedDirection: "observer" } },
    ]);
    const logs = await db.selectFrom("commandLogs").selectAll().orderBy("id").execute();
    expect(logs).toMatchObject([
      {
        toolUseId: "seed-7",
        tool: "Read",
        input: { file: "a" },
        result: '{"ok":1}',
        status: "succeeded",
        durationMs: 13,
      },
      { toolUseId: "seed-8", input: "not json", result: "boom", status: "failed", durationMs: null },
    ]);
    const again = await importSeed(db, seed.connectionString, OPTIONS);
    expect([again.sessions, again.messages, again.commandLogs, again.threads].map(({ imported }) => imported)).toEqual([
      0, 0, 0, 0,
    ]);
  });
});

const HOOKED = `
  create table sessions (id uuid primary key, claude_session_id text, status text, slack_channel text);
  create table command_logs (session_id text, tool text, result text);
  create table slack_thread_mapping (thread_ts text, session_id uuid);
  insert into sessions values ('${A}', '${CLAUDE}', 'archived', '#dev'), (gen_random_uuid(), '${CLAUDE}', 'paused', null),
    (gen_random_uuid(), 'not-a-uuid', null, null);
  insert into command_logs values ('${CLAUDE}', 'Bash', 'one'), ('${A}', 'Bash', 'two'), ('gone', 'Bash', 'three');
  insert into slack_thread_mapping values ('2.2', '${A}');`;

test("logs under Claude's id find their session, doubled Claude ids stay with the first, strays are counted", async () => {
  await withSeed(HOOKED, async ({ db }, seed) => {
    const report = await importSeed(db, seed.connectionString, OPTIONS);
    expect(report).toMatchObject({
      sessions: { read: 3, imported: 3 },
      messages: { read: 0, imported: 0, skipped: 0 },
      commandLogs: { read: 3, imported: 2, skipped: 1 },
      threads: { imported: 1 },
    });
    const withId = await db
      .selectFrom("sessions")
      .select(["claudeSessionId", "status"])
      .where("claudeSessionId", "is not", null)
      .execute();
    expect(withId).toHaveLength(1);
    const others = await db.selectFrom("sessions").select("metadata").where("claudeSessionId", "is", null).execute();
    expect(others.map(({ metadata }) => metadata)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ seedClaudeSessionId: CLAUDE }),
        expect.objectContaining({ seedClaudeSessionId: "not-a-uuid" }),
      ]),
    );
    const archived = await db
      .selectFrom("sessions")
      .select(["status", "archivedAt"])
      .where("id", "=", A)
      .executeTakeFirstOrThrow();
    expect(archived.status).toBe("archived");
    expect(archived.archivedAt).not.toBeNull();
    expect(await db.selectFrom("slackThreadMapping").select("channel").execute()).toEqual([{ channel: "#dev" }]);
    const again = await importSeed(db, seed.connectionString, OPTIONS);
    expect([again.sessions.imported, again.commandLogs.imported, again.threads.imported]).toEqual([0, 0, 0]);
  });
});

test("a Claude id that a session here has already is not taken from it", async () => {
  await withSeed(DESCRIBED, async ({ db }, seed) => {
    await db.insertInto("workers").values({ id: "w", hostname: "h", pid: 1, version: "1", slots: 1 }).execute();
    const ours = { title: "ours", projectType: "local", workerId: "w", claudeSessionId: CLAUDE };
    const { id } = await db.insertInto("sessions").values(ours).returning("id").executeTakeFirstOrThrow();
    await importSeed(db, seed.connectionString, OPTIONS);
    expect(await db.selectFrom("sessions").select("id").where("claudeSessionId", "=", CLAUDE).execute()).toEqual([
      { id },
    ]);
    const imported = await db.selectFrom("sessions").select("metadata").where("id", "=", A).executeTakeFirstOrThrow();
    expect(imported.metadata).toMatchObject({ seedClaudeSessionId: CLAUDE, team: "web" });
  });
});

test("more rows than a batch keep their order, and a NUL in json is replaced", async () => {
  const many = `
    create table sessions (id uuid primary key, metadata json);
    create table session_messages (id serial, session_id uuid, direction text, content text, timestamp timestamptz);
    insert into sessions values ('${A}', '{"a": "x\\u0000y", "b": "\\\\u0000"}');
    insert into session_messages (session_id, direction, content, timestamp)
      select '${A}', 'to_claude', 'message ' || n, '2024-01-01Z' from generate_series(1, 1234) n;`;
  await withSeed(many, async ({ db }, seed) => {
    expect((await importSeed(db, seed.connectionString, OPTIONS)).messages.imported).toBe(1234);
    const contents = await db.selectFrom("sessionMessages").select("content").orderBy("position").execute();
    expect(contents.map(({ content }) => content)).toEqual(Array.from({ length: 1234 }, (_, n) => `message ${n + 1}`));
    const { metadata } = await db.selectFrom("sessions").select("metadata").executeTakeFirstOrThrow();
    expect(metadata).toEqual({ a: "x\uFFFDy", b: String.raw`\u0000` });
  });
});

test("an import that fails half way leaves nothing behind", async () => {
  const broken = `${DESCRIBED}
    alter table slack_thread_mapping add created_at text;
    insert into slack_thread_mapping values ('3.3', '${A}', 'not a time');`;
  await withSeed(broken, async ({ db }, seed) => {
    await expect(importSeed(db, seed.connectionString, OPTIONS)).rejects.toThrow("not a time");
    expect(await db.selectFrom("sessions").selectAll().execute()).toEqual([]);
  });
});

test("a database without sessions is not one to import", async () => {
  await withSeed("create table something (id int);", async ({ db }, seed) => {
    await expect(importSeed(db, seed.connectionString, OPTIONS)).rejects.toThrow("has no table sessions");
  });
});
