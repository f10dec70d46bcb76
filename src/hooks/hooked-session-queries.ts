import { sql, type Kysely } from "kysely";
import type { Database } from "../db/database.ts";
import type { DB } from "../db/schema.ts";
import { appendEvents } from "../sessions/event-queries.ts";
import { tellSubscribers } from "../subscriptions/tell-subscribers-queries.ts";

/** What a hook that came without a run's token says about where it belongs. */
export interface HookOrigin {
  claudeSessionId: string;
  cwd: string | null;
}

const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/iu;

/** `/a/b` → `/a/b`, `/a`; the root itself holds everything and says nothing. */
function ancestors(path: string): string[] {
  const parts = path.split("/").filter((part) => part !== "");
  return path.startsWith("/") ? parts.map((_, index) => `/${parts.slice(0, parts.length - index).join("/")}`) : [];
}

/** The session with this Claude id, else the one with this id of ours. */
async function findKnown(db: Kysely<DB>, id: string): Promise<string | undefined> {
  const found = await db.selectFrom("sessions").select("id").where("claudeSessionId", "=", id).executeTakeFirst();
  if (found || !UUID.test(id)) return found?.id;
  const ours = await db.selectFrom("sessions").select("id").where("id", "=", id).executeTakeFirst();
  return ours?.id;
}

/**
 * Someone ran `claude` by hand in the workspace of a session that has no Claude id yet: from now on it is this one.
 * The innermost workspace counts, then the newest session; not one whose run is waiting or on, which gets an id of its own.
 */
async function adopt(db: Kysely<DB>, { claudeSessionId, cwd }: HookOrigin): Promise<string | undefined> {
  const paths = cwd === null ? [] : ancestors(cwd);
  // Another name is none that a later run could resume; it would spoil a session of ours.
  if (paths.length === 0 || !UUID.test(claudeSessionId)) return undefined;
  const { rows } = await sql<{ id: string }>`
    update sessions set claude_session_id = ${claudeSessionId}, updated_at = clock_timestamp()
    where id = (
      select s.id from sessions s join workspaces w on w.session_id = s.id
      where w.path = any(${paths}) and s.claude_session_id is null and s.status <> 'archived'
        and not exists (select from runs r where r.session_id = s.id and r.finished_at is null)
      order by length(w.path) desc, s.created_at desc limit 1 for update of s
    ) and claude_session_id is null
    returning id`.execute(db);
  const id = rows[0]?.id;
  if (id) await appendEvents(db, id, [{ type: "session.updated", data: { fields: ["claudeSessionId"] } }]);
  return id;
}

/** A session that nobody started here: a person runs Claude, and we hear of it. */
async function observe(
  db: Kysely<DB>,
  { claudeSessionId, cwd }: HookOrigin,
  { workerId, title }: NewObserved,
): Promise<string | undefined> {
  const row = await db
    .insertInto("sessions")
    .values({
      title,
      status: "running",
      projectType: "local",
      projectPath: cwd,
      claudeSessionId,
      observed: true,
      source: "cli",
      workerId,
    })
    .onConflict((conflict) => conflict.column("claudeSessionId").doNothing())
    .returning("id")
    .executeTakeFirst();
  if (!row) return undefined;
  await appendEvents(db, row.id, [{ type: "session.created", data: { title } }]);
  await tellSubscribers(db, { type: "session.created", sessionId: row.id });
  return row.id;
}

export interface NewObserved {
  workerId: string;
  title: string;
}

/**
 * The session a hook belongs to: Claude's id, our id, a workspace that holds its folder, else a new observed session.
 * Two hooks that both come first make one session: the Claude id is unique, and who comes second finds it.
 */
export async function findOrObserveSession(db: Database, origin: HookOrigin, observed: NewObserved): Promise<string> {
  const known = await findKnown(db, origin.claudeSessionId);
  if (known) return known;
  const made = await db
    .transaction()
    .execute(async (tx) => (await adopt(tx, origin)) ?? (await observe(tx, origin, observed)));
  const id = made ?? (await findKnown(db, origin.claudeSessionId));
  if (!id) throw new Error("a session vanished while its first hooks were coming in");
  return id;
}

export const sessionExists = async (db: Kysely<DB>, id: string): Promise<boolean> =>
  (await db.selectFrom("sessions").select("id").where("id", "=", id).executeTakeFirst()) !== undefined;

/**
 * Ends observed sessions that have been silent for `minutes` although they never said goodbye: Claude was killed, or
 * the old hook line was used, which knows no end. A later hook brings them back.
 */
export async function completeSilentSessions(
  db: Database,
  { workerId, minutes }: { workerId: string; minutes: number },
): Promise<number> {
  return db.transaction().execute(async (tx) => {
    const { rows } = await sql<{ id: string }>`
      update sessions set status = 'completed'
      where id in (
        select id from sessions where status = 'running' and observed and run_count = 0 and worker_id = ${workerId}
          and updated_at < now() - make_interval(mins => ${minutes}) order by id for update skip locked
      ) returning id`.execute(tx);
    for (const { id } of rows)
      await appendEvents(tx, id, [{ type: "session.status", data: { status: "completed", waitingFor: null } }]);
    return rows.length;
  });
}
