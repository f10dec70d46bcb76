import type { GlobalCounts, WorkspaceAnswer } from "../contract/orchestration.ts";
import type { PageQuery } from "../contract/page.ts";
import type { Database } from "../db/database.ts";
import { encodeCursor, toPage } from "../lib/cursor.ts";
import { invalidField } from "../lib/errors.ts";
import type { Logger } from "../lib/logger.ts";
import type { Nudge } from "../queue/queue.ts";
import type { TemplateService } from "../sessions/templates/template-service.ts";
import { findHistory } from "./change-queries.ts";
import { changeOf, countsOf, reasonsOf, rowOf } from "./present-workspace.ts";
import { reportUntil, writePausedAll, writeSetting, type Setting } from "./setting-queries.ts";
import { createTurns } from "./turns.ts";
import { findHeldBack, findViewed } from "./view-queries.ts";
import { changeWorkspace, findTotals, findWorkspace, touchWorkspace } from "./workspace-queries.ts";

export type OrchestrationService = ReturnType<typeof createOrchestrationService>;

interface Parts {
  db: Database;
  log: Logger;
  nudge: Nudge;
  /** What one workspace may desire at most. */
  maxDesired: number;
  templates: Pick<TemplateService, "get">;
}

/** Whose wish it is, and which version they have seen. */
export interface By {
  actor: string;
  ifVersion?: number | undefined;
}

/** Runs woken at once when more may run; the rest is found by the sweep of its worker. */
const WOKEN = 50;

export function createOrchestrationService(parts: Parts) {
  return { ...createReading(parts), ...createWriting(parts) };
}

/** Writes wait for one lock; more of them would take the connections of everything else while they do. */
const WRITES_AT_ONCE = 2;

function createWriting({ db, log, nudge, maxDesired, templates }: Parts) {
  const inTurn = createTurns(WRITES_AT_ONCE);

  async function write(setting: Setting): Promise<WorkspaceAnswer & { isStale: boolean }> {
    const { workspace, global, isStale } = await inTurn(() => writeSetting(db, setting));
    return { workspace: countsOf(workspace), global, isStale };
  }

  /** The write has told them already; this only saves them the wait for the sweep. */
  async function wakeHeldBack(workspaceId?: string): Promise<void> {
    try {
      for (const { workerId, sessionId } of await findHeldBack(db, workspaceId, WOKEN))
        await nudge(db, workerId, sessionId);
    } catch (error) {
      log.warn({ err: error }, "runs that may begin could not be woken; the sweep finds them");
    }
  }

  /** The name of a template that starts runs by itself. */
  async function usable(idOrName: string): Promise<string> {
    const { name, session, variables } = await templates.get(idOrName);
    if (session.initialPrompt === undefined) throw invalidField("body.template", "must have an initialPrompt");
    const asks = Object.values(variables).some((one) => one.required !== false && one.default === undefined);
    if (asks) throw invalidField("body.template", "must not ask for variables: nobody is there to give them");
    return name;
  }

  return {
    async setDesired(workspaceId: string, desired: number | null, { actor, ifVersion }: By) {
      if (desired !== null && desired > maxDesired)
        throw invalidField("body.desired", `must not be greater than ${maxDesired}`);
      const kind = desired === null ? "released" : "desired";
      // Somebody's wish counts until the next socket closes; one that is open says so again within seconds.
      const answer = await write({ workspaceId, kind, actor, ifVersion, change: { desired, watchedUntil: null } });
      await wakeHeldBack(workspaceId);
      return answer;
    },

    reportRunning: (workspaceId: string, reported: number, { actor, ifVersion }: By) =>
      write({
        workspaceId,
        kind: "reported",
        actor,
        ifVersion,
        change: { reported, reportedUntil: reported === 0 ? null : reportUntil() },
      }),

    async setPaused(workspaceId: string, paused: boolean, { actor, ifVersion }: By) {
      const change = { paused, pausedBy: paused ? actor : null, pausedAt: paused ? new Date() : null };
      const answer = await write({ workspaceId, kind: paused ? "paused" : "resumed", actor, ifVersion, change });
      if (!paused) await wakeHeldBack(workspaceId);
      return answer;
    },

    /** Of all workspaces at once, also of those that come. */
    async setAllPaused(paused: boolean, actor: string): Promise<void> {
      await inTurn(() => writePausedAll(db, { paused, actor }));
      if (!paused) await wakeHeldBack();
    },

    async setTemplate(workspaceId: string, idOrName: string | null, { actor, ifVersion }: By) {
      const template = idOrName === null ? null : await usable(idOrName);
      return write({ workspaceId, kind: "template", actor, ifVersion, change: { template } });
    },
  };
}

function createReading({ db, maxDesired }: Pick<Parts, "db" | "maxDesired">) {
  return {
    /** A workspace that is asked for is there from then on. */
    async get(workspaceId: string): Promise<WorkspaceAnswer> {
      const workspace = await findWorkspace(db, workspaceId);
      if (workspace) {
        await touchWorkspace(db, workspaceId);
        return { workspace: countsOf(workspace), global: await findTotals(db) };
      }
      const created = await db.transaction().execute((tx) =>
        changeWorkspace(tx, {
          workspaceId,
          kind: "created",
          actor: null,
          set: (before) => (before ? undefined : {}),
        }),
      );
      return { workspace: countsOf(created.workspace), global: created.global };
    },

    list: async () => (await findViewed(db)).map(rowOf),

    async global(): Promise<GlobalCounts> {
      const [{ pausedAt, ...totals }, rows] = await Promise.all([findTotals(db), findViewed(db)]);
      const queued = rows.reduce((sum, row) => sum + row.queued, 0);
      return { ...totals, pausedAt: pausedAt?.toISOString() ?? null, queued, maxDesired, reasons: reasonsOf(rows) };
    },

    async history(filter: { workspaceId?: string | undefined; since?: string | undefined }, page: PageQuery) {
      const rows = await findHistory(db, filter, page);
      return toPage(rows, page.limit, { present: changeOf, cursor: ({ seq }) => encodeCursor(seq) });
    },
  };
}
