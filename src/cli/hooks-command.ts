import { Command } from "commander";
import { loadDotEnv, readConfig } from "../config.ts";
import { hookUrl } from "../hooks/hook-url.ts";
import { AppError } from "../lib/errors.ts";
import { installHooks } from "./hooks-install.ts";
import { createTerminal } from "./terminal.ts";

interface Options {
  project?: string;
  global?: boolean;
  url?: string;
  token?: string;
  remove?: boolean;
  yes?: boolean;
}

/** `claude-orchestrator hooks install`: sessions people start themselves are heard as well. */
export function hooksCommand(): Command {
  const install = new Command("install")
    .description("Let Claude Code sessions that you start yourself report to this server")
    .option("--project <dir>", "in this project only (.claude/settings.local.json)")
    .option("--global", "in all your projects (~/.claude/settings.json)")
    .option("--url <url>", "where the server takes hooks in, when not on this machine")
    .option(
      "--token <key>",
      "an API key of a server that asks for one; without it the first of API_KEY, unless the server is on loopback",
    )
    .option("--remove", "take the hooks out again")
    .option("-y, --yes", "do not ask")
    .action(async (options: Options) => {
      if ((options.project === undefined) === (options.global !== true))
        throw new AppError("invalid", "say where: --project DIR or --global");
      loadDotEnv();
      const { http, claude } = readConfig();
      await installHooks(
        {
          where: options.project === undefined ? "global" : { project: options.project },
          configDir: claude.accountDir,
          url: options.url ?? hookUrl(http),
          token: options.token ?? (http.loopback ? undefined : http.apiKeys[0]),
          remove: options.remove ?? false,
          yes: options.yes ?? false,
        },
        createTerminal(),
      );
    });
  return new Command("hooks").description("Hooks of Claude Code").addCommand(install);
}
