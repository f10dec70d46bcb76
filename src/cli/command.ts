import { Command } from "commander";
import { AppError } from "../lib/errors.ts";
import { VERSION } from "../lib/version.ts";

const ORCHESTRATOR_TOKEN =
  "the hub's token for this machine; everybody here can see it in the list of processes for a moment, and in the history of the shell, so ORCHESTRATOR_TOKEN is better";
const STOP_RUNS = "on shutdown stop the runs that are on, instead of leaving them to the next start";

/** Read when they are asked for: the server's modules take a second, which a command that only asks it need not wait. */
const SUBCOMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  hooks: async () => (await import("./hooks-command.ts")).hooksCommand(),
  "import-seed": async () => (await import("./import-command.ts")).importCommand(),
  doctor: async () => (await import("./doctor/doctor-command.ts")).doctorCommand(),
  retention: async () => (await import("./retention-command.ts")).retentionCommand(),
  mcp: async () => (await import("./mcp-command.ts")).mcpCommand(),
  hub: async () => (await import("./hub-command.ts")).hubCommand(),
  session: async () => (await import("./session-command.ts")).sessionCommand(),
};

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
    .option("--orchestrator-token <token>", ORCHESTRATOR_TOKEN)
    .action(async ({ stopRuns = false, orchestratorToken }: { stopRuns?: boolean; orchestratorToken?: string }) => {
      // Writes over what the list of processes shows of our arguments.
      if (orchestratorToken !== undefined) process.title = "claude-orchestrator serve";
      await (await import("./serve.ts")).serve({ stopRuns, orchestratorToken });
    });
  program
    .command("worker")
    .description("Only carry out runs, for a server elsewhere on the same DATABASE_URL")
    .option("--stop-runs", STOP_RUNS)
    .action(async ({ stopRuns = false }: { stopRuns?: boolean }) =>
      (await import("./serve.ts")).serve({ stopRuns, role: "worker" }),
    );
  const named = SUBCOMMANDS[argv[2] ?? ""];
  for (const load of named ? [named] : Object.values(SUBCOMMANDS)) program.addCommand(await load());
  try {
    await program.parseAsync(argv);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    process.stderr.write(`claude-orchestrator: ${error.message}\n`);
    process.exitCode = 1;
  }
}
