import { type Kysely, sql } from "kysely";
import type { DB } from "../db/schema.ts";
import { AppError } from "../lib/errors.ts";

/** A token that opens: not revoked, not expired, of a person the rules let in. */
export interface LiveToken {
  id: string;
  userId: string;
  secretHash: Buffer | null;
}

export const findLiveToken = (db: Kysely<DB>, id: string): Promise<LiveToken | undefined> =>
  db
    .selectFrom("hub.tokens as token")
    .innerJoin("hub.users as user", "user.id", "token.userId")
    .select(["token.id", "token.userId", "token.secretHash"])
    .where("token.id", "=", id)
    .where("token.revokedAt", "is", null)
    .where((eb) => eb.or([eb("token.expiresAt", "is", null), eb("token.expiresAt", ">", sql<Date>`now()`)]))
    .where("user.refusedAt", "is", null)
    .executeTakeFirst();

/** Which of these tokens do not open any more. */
export async function findDeadTokens(db: Kysely<DB>, ids: readonly string[]): Promise<string[]> {
  if (ids.length === 0) return [];
  const { rows } = await sql<{ id: string }>`
    select given.id from unnest(${[...ids]}::text[]) as given(id)
    where not exists (
      select 1 from hub.tokens t join hub.users u on u.id = t.user_id
      where t.id = given.id and t.revoked_at is null and (t.expires_at is null or t.expires_at > now())
        and u.refused_at is null)`.execute(db);
  return rows.map(({ id }) => id);
}

export async function touchToken(db: Kysely<DB>, id: string): Promise<void> {
  await db
    .updateTable("hub.tokens")
    .set({ lastUsedAt: sql<Date>`now()` })
    .where("id", "=", id)
    .execute();
}

export const listTokens = (db: Kysely<DB>, userId: string) =>
  db
    .selectFrom("hub.tokens")
    .select(["id", "name", "createdAt", "lastUsedAt", "expiresAt", "revokedAt"])
    .where("userId", "=", userId)
    .orderBy("createdAt", "desc")
    .orderBy("id")
    .execute();

interface NewToken {
  id: string;
  userId: string;
  name: string;
  secretHash: Buffer | null;
  expiresAt: Date | null;
}

/** Throws "conflict" when the user has `limit` tokens already. */
export async function insertToken(db: Kysely<DB>, token: NewToken, limit: number): Promise<void> {
  const { rows } = await sql`
    insert into hub.tokens (id, user_id, name, secret_hash, expires_at)
    select ${token.id}, ${token.userId}, ${token.name}, ${token.secretHash}, ${token.expiresAt}
    where (select count(*) from hub.tokens where user_id = ${token.userId}) < ${limit}
    returning id`.execute(db);
  if (rows.length === 0) throw new AppError("conflict", `You have ${limit} tokens; delete some first`);
}

/** The secret of a token that was made for a claimed machine; once. */
export async function setTokenSecret(db: Kysely<DB>, id: string, secretHash: Buffer): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable("hub.tokens")
    .set({ secretHash })
    .where("id", "=", id)
    .where("secretHash", "is", null)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

export async function revokeToken(db: Kysely<DB>, userId: string, id: string): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable("hub.tokens")
    .set({ revokedAt: sql<Date>`coalesce(revoked_at, now())` })
    .where("id", "=", id)
    .where("userId", "=", userId)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

export async function deleteToken(db: Kysely<DB>, userId: string, id: string): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom("hub.tokens")
    .where("id", "=", id)
    .where("userId", "=", userId)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

/** Of all users. */
export const listAllTokens = (db: Kysely<DB>) =>
  db
    .selectFrom("hub.tokens as token")
    .innerJoin("hub.users as user", "user.id", "token.userId")
    .select(["token.id", "token.userId", "user.login", "token.name", "token.createdAt", "token.lastUsedAt"])
    .select(["token.expiresAt", "token.revokedAt"])
    .orderBy("user.login")
    .orderBy("token.createdAt", "desc")
    .execute();
