import { Command } from "commander";
import { VERSION } from "../app.ts";
import { AppError } from "../lib/errors.ts";
import { serve } from "./serve.ts";

/** The `claude-orchestrator` command; without a subcommand it serves. */
export async function runCommand(argv: readonly string[]): Promise<void> {
  const program = new Command("claude-orchestrator")
    .description("Claude Code as a dependable headless service")
    .version(VERSION)
    .showHelpAfterError();
  program
    .command("serve", { isDefault: true })
    .description("Serve the API and the dashboard, and carry out runs")
    .option("--stop-runs", "on shutdown stop the runs that are on, instead of leaving them to the next start")
    .action((options: { stopRuns?: boolean }) => serve({ stopRuns: options.stopRuns ?? false }));
  try {
    await program.parseAsync(argv);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    process.stderr.write(`claude-orchestrator: ${error.message}\n`);
    process.exitCode = 1;
  }
}
