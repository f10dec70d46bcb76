import { sql, type Kysely } from "kysely";
import type { z } from "zod";
import type { ProjectEventType, Worktree } from "../contract/project-event.ts";
import type { Database, Transaction } from "../db/database.ts";
import { notify } from "../db/notify.ts";
import type { DB } from "../db/schema.ts";
import { CHANGES, nextSeq } from "./workspace-queries.ts";

/** What sockets hear as `project.event`. */
export interface OutgoingEvent {
  type: z.infer<typeof ProjectEventType>;
  data: object;
  timestamp?: string;
}

/** Puts an event into the order of everything that sockets hear. */
export async function insertProjectEvent(tx: Transaction, projectNumber: number, event: OutgoingEvent): Promise<void> {
  const seq = await nextSeq(tx);
  await tx
    .insertInto("orchestrationProjectEvents")
    .values({ seq, projectNumber, event: JSON.stringify(event) })
    .execute();
  await notify(tx, CHANGES, "");
}

export const findWorktree = (db: Kysely<DB>, projectNumber: number) =>
  db.selectFrom("orchestrationWorktrees").selectAll().where("projectNumber", "=", projectNumber).executeTakeFirst();

/** Keeps what an editor says and tells those who listen to the project, in one transaction. */
export async function putWorktree(
  db: Database,
  { projectNumber, worktree, by }: { projectNumber: number; worktree: Worktree; by: string | null },
): Promise<void> {
  const row = { worktree: JSON.stringify(worktree), updatedBy: by, updatedAt: sql<Date>`now()` };
  await db.transaction().execute(async (tx) => {
    await insertProjectEvent(tx, projectNumber, { type: "worktree.updated", data: { projectNumber, worktree } });
    await tx
      .insertInto("orchestrationWorktrees")
      .values({ projectNumber, ...row })
      .onConflict((conflict) => conflict.column("projectNumber").doUpdateSet(row))
      .execute();
  });
}
