import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { MessagePage } from "../../src/contract/message.ts";
import { SessionPage } from "../../src/contract/session.ts";
import { Thread } from "../../src/contract/thread.ts";
import { testApp, type TestApp } from "../support/app.ts";

const SESSIONS = 120;

let app: TestApp;
beforeAll(async () => {
  app = await testApp();
  // Many share a millisecond, so that only the id can tell them apart.
  await sql`
    insert into sessions (title, status, project_type, project_path, source, tags, worker_id, created_at)
    select 'Session ' || n,
      (array['completed', 'failed', 'archived', 'created'])[1 + n % 4], (array['local', 'github', 'worktree'])[1 + n % 3],
      '/srv/p' || n, (array['api', 'slack'])[1 + n % 2], case when n % 10 = 0 then '{nightly,team a}'::text[] else '{}' end,
      (select id from workers), timestamptz '2026-01-01' + (n / 7) * interval '1 hour'
    from generate_series(1, ${SESSIONS}) n`.execute(app.db);
});
afterAll(() => app[Symbol.asyncDispose]());

/** Every page of a list, walked by its cursors. */
async function walk(query: string): Promise<string[][]> {
  const pages: string[][] = [];
  for (let cursor: string | null = ""; cursor !== null;) {
    const page: SessionPage = await app.request(SessionPage, `/api/sessions?${query}${cursor && `&cursor=${cursor}`}`);
    pages.push(page.items.map(({ sessionId }) => sessionId));
    cursor = page.nextCursor;
  }
  return pages;
}
type SessionPage = ReturnType<typeof SessionPage.parse>;

const titles = async (query: string): Promise<string[]> =>
  (await app.request(SessionPage, `/api/sessions?limit=200&${query}`)).items.map(({ title }) => title);

test("the cursor walks through all sessions, newest first, each once, also while new ones come", async () => {
  const pages = await walk("limit=17");
  const ids = pages.flat();
  expect(ids).toHaveLength(SESSIONS);
  expect(new Set(ids).size).toBe(SESSIONS);
  expect(pages.map((page) => page.length)).toEqual([17, 17, 17, 17, 17, 17, 17, 1]);
  expect((await walk("limit=200")).flat()).toEqual(ids);
  expect(await walk("limit=60"), "a last page that is full is the last").toHaveLength(2);

  const first = await app.request(SessionPage, "/api/sessions?limit=50");
  await sql`insert into sessions (title, status, project_type, worker_id) values ('Newer', 'created', 'local', (select id from workers))`.execute(
    app.db,
  );
  const second = await app.request(SessionPage, `/api/sessions?limit=50&cursor=${first.nextCursor}`);
  expect(second.items.map(({ sessionId }) => sessionId)).toEqual(ids.slice(50, 100));
  await sql`delete from sessions where title = 'Newer'`.execute(app.db);
});

test("a limit has bounds, and a cursor must be one of this list", async () => {
  expect((await app.request(SessionPage, "/api/sessions")).items).toHaveLength(50);
  for (const query of [
    "limit=0",
    "limit=201",
    "limit=x",
    "cursor=abc",
    `cursor=${"A".repeat(300)}`,
    "status=done",
    "projectType=e2b",
    "source=fax",
  ])
    expect([query, (await app.fetch(`/api/sessions?${query}`)).status]).toEqual([query, 400]);
});

test("filters narrow the list, alone and together", async () => {
  expect(await titles("status=failed")).toHaveLength(30);
  expect(await titles("status=failed,archived")).toHaveLength(60);
  expect(await titles("projectType=worktree")).toHaveLength(40);
  expect(await titles("source=slack")).toHaveLength(60);
  expect(await titles("tag=nightly")).toHaveLength(12);
  expect(await titles("tag=team%20a&source=api&projectType=local")).toEqual([
    "Session 120",
    "Session 90",
    "Session 60",
    "Session 30",
  ]);
  expect((await walk("limit=7&status=completed")).flat()).toHaveLength(30);
});

test("words are found in titles, messages and tool input, whatever else the text holds", async () => {
  const { sessionId } = (await app.request(SessionPage, "/api/sessions?limit=1&q=session%20119")).items[0] ?? {
    sessionId: "",
  };
  await sql`insert into session_messages (session_id, direction, content, source)
    values (${sessionId}, 'inbound', 'Please look into the größte Umlaut of src/billing/vat-rates.ts', 'api')`.execute(
    app.db,
  );
  await sql`insert into command_logs (session_id, tool, input) values (${sessionId}, 'Bash', '{"command":"npm run quux-task"}')`.execute(
    app.db,
  );
  for (const q of ["119", "größte", "vat-rates", "billing/vat", "quux", "umlaut look", "SESSION 119"])
    expect([q, await titles(`q=${encodeURIComponent(q)}`)]).toEqual([q, ["Session 119"]]);
  for (const q of ["nowhere", "umlaut quuxx", "!!!", "a' or 1=1 --", "\\", "& | ! ( ) :*"])
    expect([q, await titles(`q=${encodeURIComponent(q)}`)]).toEqual([q, []]);
  expect(await titles("q=session&status=archived&tag=nightly")).toHaveLength(6);
});

test("a session is found by its Slack thread, which moves to another session when that is said", async () => {
  const [one, two] = (await app.request(SessionPage, "/api/sessions?limit=2")).items;
  const bind = (id: string | undefined, more = {}) =>
    app.request(Thread, `/api/sessions/${id}/threads`, {
      method: "PUT",
      body: { channel: "C1", threadTs: "1700000000.000100", ...more },
    });
  expect(await bind(one?.sessionId)).toMatchObject({ sessionId: one?.sessionId, channel: "C1" });
  for (const thread of ["C1:1700000000.000100", "1700000000.000100"])
    expect(await titles(`thread=${thread}`)).toEqual([one?.title]);
  expect(await titles("thread=C2:1700000000.000100")).toEqual([]);
  await bind(one?.sessionId);
  await expect(bind(two?.sessionId), "it is not taken away in silence").rejects.toThrow(/answered 409.*move: true/);
  expect(await titles("thread=C1:1700000000.000100")).toEqual([one?.title]);
  await bind(two?.sessionId, { move: true });
  expect(await titles("thread=C1:1700000000.000100")).toEqual([two?.title]);
});

test("a conversation is read back in pages, newest first, each message once", async () => {
  const { sessionId } = (await app.request(SessionPage, "/api/sessions?limit=1&q=session%20118")).items[0] ?? {
    sessionId: "",
  };
  await sql`insert into session_messages (session_id, direction, content, source)
    select ${sessionId}, 'outbound', 'line ' || n, 'api' from generate_series(1, 95) n`.execute(app.db);
  const said: string[] = [];
  for (let cursor: string | null = ""; cursor !== null;) {
    const page: ReturnType<typeof MessagePage.parse> = await app.request(
      MessagePage,
      `/api/sessions/${sessionId}/messages?limit=20${cursor && `&cursor=${cursor}`}`,
    );
    said.push(...page.items.map(({ content }) => content));
    cursor = page.nextCursor;
  }
  expect(said).toEqual(Array.from({ length: 95 }, (_, index) => `line ${95 - index}`));
});
