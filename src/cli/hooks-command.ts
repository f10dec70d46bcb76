import { createInterface } from "node:readline/promises";
import { Command } from "commander";
import { loadDotEnv, readConfig } from "../config.ts";
import { AppError } from "../lib/errors.ts";
import { installHooks, type Terminal } from "./hooks-install.ts";

interface Options {
  project?: string;
  global?: boolean;
  url?: string;
  token?: string;
  remove?: boolean;
  yes?: boolean;
}

const terminal: Terminal = {
  isInteractive: process.stdin.isTTY && process.stdout.isTTY,
  write: (text) => void process.stdout.write(text),
  async confirm(question) {
    using lines = createInterface({ input: process.stdin, output: process.stdout });
    return /^y(es)?$/i.test((await lines.question(question)).trim());
  },
};

/** `claude-orchestrator hooks install`: sessions people start themselves are heard as well. */
export function hooksCommand(): Command {
  const install = new Command("install")
    .description("Let Claude Code sessions that you start yourself report to this server")
    .option("--project <dir>", "in this project only (.claude/settings.local.json)")
    .option("--global", "in all your projects (~/.claude/settings.json)")
    .option("--url <url>", "where the server takes hooks in, when not on this machine")
    .option("--token <key>", "an API key of a server that asks for one; better set API_KEY and leave this out")
    .option("--remove", "take the hooks out again")
    .option("-y, --yes", "do not ask")
    .action(async (options: Options) => {
      if ((options.project === undefined) === (options.global !== true))
        throw new AppError("invalid", "say where: --project DIR or --global");
      loadDotEnv();
      const { http, claude } = readConfig();
      const written = await installHooks(
        {
          where: options.project === undefined ? "global" : { project: options.project },
          configDir: claude.accountDir,
          url: options.url ?? `http://127.0.0.1:${http.port}/api/hooks`,
          token: options.token,
          remove: options.remove ?? false,
          yes: options.yes ?? false,
        },
        terminal,
      );
      if (!written) process.exitCode = 0;
    });
  return new Command("hooks").description("Hooks of Claude Code").addCommand(install);
}
