import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import { findClaude } from "../../claude/claude-command.ts";
import { FLOOR_VERSION, PINNED_VERSION } from "../../claude/claude-version.ts";
import { CREDENTIALS } from "../../claude/conversation-files.ts";
import { namespacePrefix } from "../../claude/pid-namespace.ts";
import type { Config } from "../../config.ts";
import { toError } from "../../lib/errors.ts";
import { fail, ok, warn, type Check } from "./check.ts";

type ClaudeConfig = Config["claude"];

/** The command that runs will use. */
export async function checkClaude({ command, environment }: ClaudeConfig): Promise<Check> {
  const name = "Claude Code";
  const install = await findClaude({ command, path: environment["PATH"] }).catch(toError);
  if (install instanceof Error)
    return fail(name, install.message, "npm install -g @anthropic-ai/claude-code, or set CLAUDE_COMMAND");
  const text = `${install.version} (${install.argv.join(" ")})`;
  if (install.state === "unsupported")
    return fail(name, `${text} is too old`, `Update it to ${FLOOR_VERSION} or later`);
  if (install.state === "untested")
    return warn(
      name,
      `${text} is newer than ${PINNED_VERSION}, which is tested`,
      "It usually works; if runs fail oddly, set CLAUDE_COMMAND to the tested version",
    );
  return ok(name, text);
}

/** Whether Claude can sign in. Names and places are told, never what they hold; whether it is still valid only a run can tell. */
export async function checkLogin({ accountDir, environment }: ClaudeConfig): Promise<Check> {
  const name = "login";
  const given = CREDENTIALS.find((variable) => environment[variable]);
  if (given !== undefined) return ok(name, `by ${given} of the environment`);
  const file = join(accountDir, ".credentials.json");
  if (await isThere(file)) return ok(name, `of this account (${file})`);
  const settings = await readFile(join(accountDir, "settings.json"), "utf8").catch(() => "");
  if (settings.includes('"apiKeyHelper"')) return ok(name, `by apiKeyHelper in ${accountDir}/settings.json`);
  const advice = "Run `claude` once as this account and sign in, or set ANTHROPIC_API_KEY or CLAUDE_CODE_OAUTH_TOKEN";
  if (process.platform === "darwin")
    return warn(name, "no file, no variable; it may be in the keychain, which is not looked into", advice);
  return fail(name, `no credential in the environment and no ${file}`, advice);
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** How surely a run can be ended with all it started. */
export async function checkIsolation(): Promise<Check> {
  const name = "process isolation";
  const [command, ...flags] = await namespacePrefix();
  if (command !== undefined)
    return ok(
      name,
      flags.includes("-U") ? "a process namespace inside a user namespace" : "a process namespace of its own",
    );
  const advice =
    process.platform === "linux"
      ? "Allow user namespaces (sysctl user.max_user_namespaces, kernel.apparmor_restrict_unprivileged_userns; in a container its security profile)"
      : "Nothing to do: only Linux has them";
  return warn(name, "no process namespaces: what a run leaves behind is found by its mark and ended", advice);
}
