import { type Kysely, sql } from "kysely";
import { notify } from "../db/notify.ts";
import type { DB } from "../db/schema.ts";
import type { Viewer } from "./viewer.ts";

/** Told to every hub process: sign-ins or tokens of the user of this id may have ended. */
export const USER_CHANNEL = "hub_user";

/** Of a hub that asks nobody to sign in. */
export async function ensureLocalUser(db: Kysely<DB>): Promise<Viewer> {
  await sql`insert into hub.users (login) values ('local') on conflict do nothing`.execute(db);
  const { id, login } = await db
    .selectFrom("hub.users")
    .select(["id", "login"])
    .where("githubId", "is", null)
    .executeTakeFirstOrThrow();
  return { userId: id, login, githubId: null, orgs: [], teams: [], signInId: null };
}

export interface Member {
  githubId: number;
  login: string;
  orgs: string[];
  teams: string[];
  githubToken: Buffer;
}

/** What GitHub says of somebody the rules let in, as of now. */
export async function saveMember(db: Kysely<DB>, member: Member): Promise<string> {
  const values = { ...member, checkedAt: sql<Date>`now()`, refusedAt: null };
  const { id } = await db
    .insertInto("hub.users")
    .values(values)
    .onConflict((oc) => oc.column("githubId").doUpdateSet(values))
    .returning("id")
    .executeTakeFirstOrThrow();
  return id;
}

/** Somebody the rules let in no longer: their browsers are out at once, their machines stay out. */
export async function refuseUser(db: Kysely<DB>, userId: string): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await tx.deleteFrom("hub.signIns").where("userId", "=", userId).execute();
    await tx
      .updateTable("hub.users")
      .set({ refusedAt: sql<Date>`now()`, orgs: [], teams: [], githubToken: null })
      .where("id", "=", userId)
      .execute();
    await notify(tx, USER_CHANNEL, userId);
  });
}

/** Those whose membership was last looked up longer ago than this. */
export const findUnchecked = (db: Kysely<DB>, olderThanMs: number, limit: number) =>
  db
    .selectFrom("hub.users")
    .select(["id", "login", "githubId", "githubToken", "checkedAt"])
    .where("githubToken", "is not", null)
    .where("checkedAt", "<", sql<Date>`now() - ${olderThanMs} * interval '1 millisecond'`)
    .orderBy("checkedAt")
    .limit(limit)
    .execute();

export async function insertSignIn(
  db: Kysely<DB>,
  signIn: { userId: string; secretHash: Buffer; seconds: number },
): Promise<void> {
  await db
    .insertInto("hub.signIns")
    .values({
      userId: signIn.userId,
      secretHash: signIn.secretHash,
      expiresAt: sql<Date>`now() + ${signIn.seconds} * interval '1 second'`,
    })
    .execute();
}

const signedIn = (db: Kysely<DB>) =>
  db
    .selectFrom("hub.signIns as signIn")
    .innerJoin("hub.users as user", "user.id", "signIn.userId")
    .select(["user.id as userId", "user.login", "user.githubId", "user.orgs", "user.teams", "signIn.id as signInId"])
    .where("signIn.expiresAt", ">", sql<Date>`now()`)
    .where("user.refusedAt", "is", null);

/** Who is signed in by the secret of this hash. */
export const findSignedIn = (db: Kysely<DB>, secretHash: Buffer): Promise<Viewer | undefined> =>
  signedIn(db).where("signIn.secretHash", "=", secretHash).executeTakeFirst();

/** Of these sign-ins, those that are still good, and who is behind them as of now. */
export const findStillSignedIn = (db: Kysely<DB>, ids: readonly string[]): Promise<Viewer[]> =>
  ids.length === 0
    ? Promise.resolve([])
    : signedIn(db)
        .where("signIn.id", "in", [...ids])
        .execute();

/** Signs out one browser, or with `all` every browser of its user. */
export async function endSignIns(db: Kysely<DB>, viewer: Viewer, { all }: { all: boolean }): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await tx
      .deleteFrom("hub.signIns")
      .where("userId", "=", viewer.userId)
      .$if(!all, (query) => query.where("id", "=", viewer.signInId))
      .execute();
    await notify(tx, USER_CHANNEL, viewer.userId);
  });
}

export async function removeExpired(db: Kysely<DB>): Promise<void> {
  for (const table of ["hub.signIns", "hub.tickets", "hub.entries"] as const)
    await db
      .deleteFrom(table)
      .where("expiresAt", "<", sql<Date>`now()`)
      .execute();
}

/** By login, whatever its case. */
export const findUser = (db: Kysely<DB>, login: string) =>
  db
    .selectFrom("hub.users")
    .select("id")
    .where(sql<boolean>`lower(login) = ${login.toLowerCase()}`)
    .orderBy("githubId")
    .executeTakeFirst();
