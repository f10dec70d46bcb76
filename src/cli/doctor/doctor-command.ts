import { Command } from "commander";
import { loadDotEnv, readConfig, type Config } from "../../config.ts";
import { AppError } from "../../lib/errors.ts";
import { checkClaude, checkIsolation, checkLogin } from "./check-claude.ts";
import { checkDatabase, readLedger } from "./check-database.ts";
import { checkGit } from "./check-git.ts";
import { checkHub } from "./check-hub.ts";
import { checkFolder, checkRoom } from "./check-machine.ts";
import { checkKeys, checkPort } from "./check-server.ts";
import { checkSlack } from "./check-slack.ts";
import { fail, ok, type Check } from "./check.ts";
import { findSlackFacts } from "./doctor-queries.ts";

/** `claude-orchestrator doctor`: looks at everything a run needs, changes nothing, and says what to do. */
export const doctorCommand = (): Command =>
  new Command("doctor")
    .description("Check Claude Code, login, git, database, disk and settings, and say what to do")
    .option("--json", "for programs")
    .action(async ({ json = false }: { json?: boolean }) => {
      loadDotEnv();
      const checks = await examine();
      const isWell = checks.every(({ state }) => state !== "fail");
      process.stdout.write(
        json ? `${JSON.stringify({ ok: isWell, checks }, undefined, 2)}\n` : checks.map(line).join(""),
      );
      if (!isWell) process.exitCode = 1;
    });

const signs = { ok: "✓", warn: "!", fail: "✗" } as const;

const line = ({ name, state, text, advice }: Check): string =>
  `${signs[state]} ${name}: ${text}\n${advice === undefined ? "" : `    → ${advice}\n`}`;

/** All checks in the order of the way a run takes; a configuration that cannot be read is the only one. */
async function examine(): Promise<Check[]> {
  let config: Config;
  try {
    config = readConfig();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return [
      fail(
        "configuration",
        error.message,
        "Correct .env or the environment; .env.example says what each variable takes",
      ),
    ];
  }
  const { claude, http, runs, workspaces } = config;
  return [
    ok("Node.js", `${process.versions.node} on ${process.platform}-${process.arch}`),
    await checkClaude(claude),
    await checkLogin(claude),
    await checkGit(claude.environment["PATH"]),
    ...(await checkDatabase(config)),
    await checkFolder("DATA_DIR", config.dataDir),
    await checkFolder("WORKSPACE_BASE", workspaces.base),
    ...(await checkRoom(runs)),
    await checkPort(http),
    checkKeys(http),
    ...(await checkHub(config)),
    ...(await checkSlack(config, await readLedger(config, findSlackFacts))),
    await checkIsolation(),
  ];
}
