import { sql, type Insertable, type Kysely, type Selectable, type Updateable } from "kysely";
import type { Template } from "../../contract/template.ts";
import type { DB, Templates } from "../../db/schema.ts";
import { CURSOR_TIME, CURSOR_UUID, decodeCursor } from "../../lib/cursor.ts";

/** What is in the JSON columns was checked when it was written. */
export type TemplateRow = Omit<Selectable<Templates>, "variables" | "session" | "schedule"> &
  Pick<Template, "variables" | "session" | "schedule">;

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** By id or by name, whatever its case. */
export async function findTemplate(db: Kysely<DB>, nameOrId: string): Promise<TemplateRow | undefined> {
  const row = await db
    .selectFrom("templates")
    .selectAll()
    .where((eb) =>
      UUID.test(nameOrId) ? eb("id", "=", nameOrId) : eb(eb.fn<string>("lower", ["name"]), "=", nameOrId.toLowerCase()),
    )
    .executeTakeFirst();
  return row as TemplateRow | undefined;
}

/** Newest first; one more than `limit` when there are more. */
export async function findTemplates(
  db: Kysely<DB>,
  page: { limit: number; cursor?: string | undefined },
): Promise<TemplateRow[]> {
  let query = db.selectFrom("templates").selectAll();
  if (page.cursor) {
    const [createdAt, id] = decodeCursor(page.cursor, [CURSOR_TIME, CURSOR_UUID]);
    query = query.where(
      sql<boolean>`(date_trunc('milliseconds', created_at), id) < (${createdAt}::timestamptz, ${id}::uuid)`,
    );
  }
  const rows = await query
    .orderBy(sql`date_trunc('milliseconds', created_at)`, "desc")
    .orderBy("id", "desc")
    .limit(page.limit + 1)
    .execute();
  return rows as TemplateRow[];
}

const isTaken = (error: unknown): boolean =>
  error instanceof Error && "constraint" in error && error.constraint === "templates_by_name";

/** Undefined when another has the name. */
export async function insertTemplate(db: Kysely<DB>, row: Insertable<Templates>): Promise<TemplateRow | undefined> {
  const inserted = await db
    .insertInto("templates")
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst();
  return inserted as TemplateRow | undefined;
}

/** "taken" when another has the name. */
export async function updateTemplate(
  db: Kysely<DB>,
  id: string,
  change: Updateable<Templates>,
): Promise<TemplateRow | "taken" | undefined> {
  try {
    const changed = await db
      .updateTable("templates")
      .set({ ...change, updatedAt: sql<Date>`now()` })
      .where("id", "=", id)
      .returningAll()
      .executeTakeFirst();
    return changed as TemplateRow | undefined;
  } catch (error) {
    if (isTaken(error)) return "taken";
    throw error;
  }
}

/** The schedules that start it; a few of them. */
export const findSchedulesOf = (db: Kysely<DB>, templateId: string) =>
  db.selectFrom("schedules").select("name").where("templateId", "=", templateId).orderBy("name").limit(5).execute();

/** False when there was none. The database refuses while a schedule starts it. */
export async function deleteTemplate(db: Kysely<DB>, id: string): Promise<boolean> {
  const { numDeletedRows } = await db.deleteFrom("templates").where("id", "=", id).executeTakeFirst();
  return numDeletedRows > 0n;
}
