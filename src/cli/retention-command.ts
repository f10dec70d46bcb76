import { Command } from "commander";
import { loadDotEnv, readConfig, type Config } from "../config.ts";
import type { Freed } from "../contract/retention.ts";
import { connectionUrl } from "../db/connection-url.ts";
import { createDatabase, type Database } from "../db/database.ts";
import { findRunningPostgres } from "../db/embedded/embedded-postgres.ts";
import { openLedger } from "../db/open-ledger.ts";
import { createLogger, type Logger } from "../lib/logger.ts";
import { createRetention } from "../runs/retention.ts";
import { readWorkerId } from "../runs/worker-id.ts";
import { createWorkspaceService } from "../workspaces/workspace-service.ts";

/** `claude-orchestrator retention`: what the daily cleaning does, now; or only what it would do. */
export const retentionCommand = (): Command =>
  new Command("retention")
    .description("Remove what has passed its lifetime; a running server does it by itself every day")
    .option("--dry-run", "only say what would go; works beside a running server")
    .action(async ({ dryRun = false }: { dryRun?: boolean }) => {
      loadDotEnv();
      const config = readConfig();
      const log = createLogger("warn");
      await using parts = new AsyncDisposableStack();
      const db = dryRun ? await lookAtLedger(config, log, parts) : (await openLedger(config, log, parts)).db;
      const workspaces = createWorkspaceService({ db, config: config.workspaces, log });
      const retention = createRetention({
        db,
        log,
        workerId: await readWorkerId(config.dataDir),
        config: config.retention,
        dirs: { runs: config.runs.dir, claude: config.runs.claudeDir },
        archiveWorkspace: workspaces.archive,
        cleanSnapshots: workspaces.cleanSnapshots,
      });
      const freed = dryRun ? await retention.preview() : await retention.run();
      process.stdout.write(freed.map((one) => line(one, config.retention.days[one.what])).join(""));
    });

const MIB = 1024 ** 2;

const line = ({ what, count, bytes }: Freed, days: number): string =>
  `${what}: ${count} older than ${days} days, ${(bytes / MIB).toFixed(1)} MB\n`;

/** The ledger of a server that may be running: the lock of its data directory is left alone. */
async function lookAtLedger(config: Config, log: Logger, parts: AsyncDisposableStack): Promise<Database> {
  const url = config.databaseUrl ?? (await findRunningPostgres(config.dataDir))?.connectionString;
  if (url === undefined) return (await openLedger(config, log, parts)).db;
  return parts.adopt(createDatabase(connectionUrl(url)), (db) => db.destroy());
}
