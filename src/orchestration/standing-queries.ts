import { sql, type Kysely } from "kysely";
import type { Transaction } from "../db/database.ts";
import type { DB } from "../db/schema.ts";

/** By this name the sessions of standing templates are known, in their metadata. */
export const STANDING = "standingTemplate";

export interface Short {
  workspaceId: string;
  template: string;
  /** Runs that neither are on nor wait. */
  missing: number;
}

const selectShort = sql<Short>`
  select o.workspace_id, o.template, o.desired - o.reported - (
    select count(*) from runs r join sessions s on s.id = r.session_id
    where s.orchestration_id = o.workspace_id and r.finished_at is null
  ) as missing
  from orchestration o
  where o.template is not null and o.desired is not null and not o.paused
    and not (select paused from orchestration_totals)`;

/** Workspaces with a standing template that have less to do than desired. */
export async function findShort(db: Kysely<DB>): Promise<Short[]> {
  const { rows } = await selectShort.execute(db);
  return rows.filter(({ missing }) => missing > 0);
}

/** The same for one workspace, which nobody else fills until the transaction ends. */
export async function lockShort(tx: Transaction, workspaceId: string): Promise<Short | undefined> {
  await tx.selectFrom("orchestration").select("seq").where("workspaceId", "=", workspaceId).forUpdate().execute();
  const { rows } = await sql<Short>`${selectShort} and o.workspace_id = ${workspaceId}`.execute(tx);
  return rows.find(({ missing }) => missing > 0);
}

/** The newest runs that standing templates began in a workspace and that are over, newest first. */
export const findEnded = (db: Kysely<DB>, workspaceId: string, limit: number) =>
  db
    .selectFrom("runs")
    .innerJoin("sessions", "sessions.id", "runs.sessionId")
    .select(["runs.status", "runs.finishedAt"])
    .where("sessions.orchestrationId", "=", workspaceId)
    .where(sql<boolean>`sessions.metadata ? ${STANDING}`)
    .where("runs.finishedAt", "is not", null)
    .orderBy("runs.finishedAt", "desc")
    .limit(limit)
    .execute();
