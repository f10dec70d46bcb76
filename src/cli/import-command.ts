import { Command } from "commander";
import { loadDotEnv, readConfig } from "../config.ts";
import { openLedger } from "../db/open-ledger.ts";
import { createLogger } from "../lib/logger.ts";
import { readWorkerId } from "../runs/worker-id.ts";
import { importSeed } from "./import-seed.ts";

/** `claude-orchestrator import-seed`: takes over a database of the first schema; the server must be stopped meanwhile. */
export const importCommand = (): Command =>
  new Command("import-seed")
    .description("Take over a database made with the first schema (sessions, messages, command logs, threads)")
    .argument("<url>", "postgresql:// address of the old database; it is only read")
    .action(async (url: string) => {
      loadDotEnv();
      const config = readConfig();
      await using parts = new AsyncDisposableStack();
      const { db } = await openLedger(config, createLogger("warn"), parts);
      const { unreadColumns, ...counts } = await importSeed(db, url, { workerId: await readWorkerId(config.dataDir) });
      for (const [table, { read, imported, skipped }] of Object.entries(counts))
        process.stdout.write(`${table}: ${imported} of ${read} imported${skipped > 0 ? `, ${skipped} skipped` : ""}\n`);
      if (unreadColumns.length > 0) process.stdout.write(`columns without a place here: ${unreadColumns.join(", ")}\n`);
    });
