import { sql, type Kysely } from "kysely";
import type { DB } from "../../db/schema.ts";

export interface InstallationRow {
  team: string;
  teamName: string;
  botUserId: string;
  botToken: Buffer;
  keyId: string;
}

const COLUMNS = ["team", "teamName", "botUserId", "botToken", "keyId"] as const;

export const findInstallation = (db: Kysely<DB>, team: string): Promise<InstallationRow | undefined> =>
  db.selectFrom("slackInstallations").select(COLUMNS).where("team", "=", team).executeTakeFirst();

export const listInstallations = (db: Kysely<DB>, limit: number): Promise<InstallationRow[]> =>
  db.selectFrom("slackInstallations").select(COLUMNS).orderBy("installedAt").limit(limit).execute();

/** A second installation in the same workspace replaces the first: Slack's newer token is the one that counts. */
export const putInstallation = (
  db: Kysely<DB>,
  row: InstallationRow & { scopes: string[]; installedBy: string | null },
) => {
  const { team: _, ...values } = row;
  return db
    .insertInto("slackInstallations")
    .values(row)
    .onConflict((conflict) => conflict.column("team").doUpdateSet({ ...values, installedAt: sql<Date>`now()` }))
    .execute();
};

/** Removes it unless the app was installed again since `before`. */
export async function deleteInstallation(db: Kysely<DB>, team: string, before: Date | undefined): Promise<boolean> {
  const result = await db
    .deleteFrom("slackInstallations")
    .where("team", "=", team)
    .$if(before !== undefined, (query) => query.where("installedAt", "<", before as Date))
    .executeTakeFirst();
  return result.numDeletedRows > 0n;
}
