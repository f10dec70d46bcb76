import type { Database } from "../../src/db/database.ts";
import { createOutboundUrls } from "../../src/deliveries/outbound-url.ts";
import { invalidField } from "../../src/lib/errors.ts";
import { createLogger } from "../../src/lib/logger.ts";
import { createMessageService } from "../../src/messages/message-service.ts";
import { createScheduleService } from "../../src/schedules/schedule-service.ts";
import { createScheduler } from "../../src/schedules/scheduler.ts";
import { createSessionService } from "../../src/sessions/session-service.ts";
import { createTemplateService } from "../../src/sessions/templates/template-service.ts";

/** A folder that no session can be started in. */
export const GONE = "/gone";

const nudge = () => Promise.resolve();
const plan = ({ projectPath }: { projectPath?: string | undefined }) =>
  projectPath === GONE
    ? Promise.reject(invalidField("projectPath", "is not a folder"))
    : Promise.resolve({ kind: "local", path: "/", repository: null, branch: null, workBranch: null } as const);

/** What fires schedules, as one server process has it, without a worker: runs end when a test says so. */
export function openScheduling(db: Database) {
  const outboundUrls = createOutboundUrls({ prefixes: [] });
  const sessions = createSessionService({
    db,
    nudge,
    workerId: "w",
    workspaces: { plan, archive: () => Promise.reject(new Error("nothing is archived here")) },
    outboundUrls,
    allowBypass: false,
    configDir: () => undefined,
  });
  const messages = createMessageService({ db, nudge, outboundUrls });
  const templates = createTemplateService({ db });
  const parts = { db, log: createLogger("silent"), sessions, messages, templates };
  return { schedules: createScheduleService(parts), scheduler: createScheduler(parts), sessions, templates };
}

/** The worker that sessions belong to. */
export const insertWorker = (db: Database) =>
  db.insertInto("workers").values({ id: "w", hostname: "h", pid: 1, version: "0", slots: 1 }).execute();

/** Ends all runs there are. */
export const endRuns = (db: Database, status: "succeeded" | "failed") =>
  db
    .updateTable("runs")
    .set({ status, reason: status === "failed" ? "error" : "success", finishedAt: new Date() })
    .where("finishedAt", "is", null)
    .execute();
