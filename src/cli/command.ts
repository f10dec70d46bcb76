import { Command } from "commander";
import { AppError } from "../lib/errors.ts";
import { VERSION } from "../lib/version.ts";
import { doctorCommand } from "./doctor/doctor-command.ts";
import { hooksCommand } from "./hooks-command.ts";
import { importCommand } from "./import-command.ts";
import { retentionCommand } from "./retention-command.ts";
import { serve } from "./serve.ts";

const STOP_RUNS = "on shutdown stop the runs that are on, instead of leaving them to the next start";

/** The `claude-orchestrator` command; without a subcommand it serves. */
export async function runCommand(argv: readonly string[]): Promise<void> {
  const program = new Command("claude-orchestrator")
    .description("Claude Code as a dependable headless service")
    .version(VERSION)
    .showHelpAfterError();
  program
    .command("serve", { isDefault: true })
    .description("Serve the API and the dashboard, and carry out runs")
    .option("--stop-runs", STOP_RUNS)
    .action(({ stopRuns = false }: { stopRuns?: boolean }) => serve({ stopRuns }));
  program
    .command("worker")
    .description("Only carry out runs, for a server elsewhere on the same DATABASE_URL")
    .option("--stop-runs", STOP_RUNS)
    .action(({ stopRuns = false }: { stopRuns?: boolean }) => serve({ stopRuns, role: "worker" }));
  program.addCommand(hooksCommand());
  program.addCommand(importCommand());
  program.addCommand(doctorCommand());
  program.addCommand(retentionCommand());
  try {
    await program.parseAsync(argv);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    process.stderr.write(`claude-orchestrator: ${error.message}\n`);
    process.exitCode = 1;
  }
}
