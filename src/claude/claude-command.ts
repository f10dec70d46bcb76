import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access, realpath, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { delimiter, dirname, isAbsolute, join } from "node:path";
import { promisify } from "node:util";
import { AppError, toError } from "../lib/errors.ts";
import { compareVersions, FLOOR_VERSION, PINNED_VERSION } from "./claude-version.ts";

/** The Claude Code that runs will use. */
export interface ClaudeInstall {
  argv: string[];
  version: string;
  /** "untested": newer than the one our tests run. "unsupported": too old, runs are refused. */
  state: "tested" | "untested" | "unsupported";
}

const VERSION_TIMEOUT_MS = 15_000;
const NODE_TOOLS = /(?:^|\/)(?:node_modules\/\.bin|node-gyp-bin)\/?$/;

/**
 * The claude that was named, else the one on the PATH (not npm's link to our own), else the pinned package.
 * AppError "unavailable" when there is none, or what is there is no Claude Code.
 */
export async function findClaude({
  command,
  path,
}: {
  command?: string | undefined;
  path: string | undefined;
}): Promise<ClaudeInstall> {
  const argv =
    command === undefined ? ((await onPath("claude", path)) ?? (await pinned())) : await named(command, path);
  if (argv === undefined) {
    throw new AppError(
      "unavailable",
      "Claude Code is not installed. Install it (npm install -g @anthropic-ai/claude-code) or set CLAUDE_COMMAND.",
    );
  }
  const version = await versionOf(argv, path);
  return { argv, version, state: stateOf(version) };
}

function stateOf(version: string): ClaudeInstall["state"] {
  if (compareVersions(version, FLOOR_VERSION) < 0) return "unsupported";
  return compareVersions(version, PINNED_VERSION) > 0 ? "untested" : "tested";
}

async function named(command: string, path: string | undefined): Promise<string[]> {
  const found = isAbsolute(command) ? await ifExecutable(command) : await onPath(command, path);
  if (found) return found;
  throw new AppError(
    "unavailable",
    `CLAUDE_COMMAND ${command} is not an executable file. Give the full path of the claude command.`,
  );
}

async function onPath(name: string, path: string | undefined): Promise<string[] | undefined> {
  const folders = (path ?? "").split(delimiter).filter((folder) => isAbsolute(folder) && !NODE_TOOLS.test(folder));
  for (const folder of folders) {
    const found = await ifExecutable(join(folder, name));
    if (found) return found;
  }
  return undefined;
}

/**
 * The package we depend on. Its own `bin` is put in place by an install script, which may be blocked; the native binary
 * and the wrapper beside it are there in any case.
 */
async function pinned(): Promise<string[] | undefined> {
  const system = `${process.platform}-${process.arch}`;
  for (const name of [system, `${system}-musl`]) {
    const native = await ifExecutable(join(packageFolder(`@anthropic-ai/claude-code-${name}`) ?? "/nowhere", "claude"));
    if (native) return native;
  }
  const wrapper = join(packageFolder("@anthropic-ai/claude-code") ?? "/nowhere", "cli-wrapper.cjs");
  return (await isFile(wrapper)) ? [process.execPath, wrapper] : undefined;
}

/** Beside us, or beside the package that depends on it: npm puts it where it likes. */
function packageFolder(name: string): string | undefined {
  const here = createRequire(import.meta.url);
  for (const from of [() => here, () => createRequire(here.resolve("@anthropic-ai/claude-code/package.json"))]) {
    try {
      return dirname(from().resolve(`${name}/package.json`));
    } catch {
      // Not there: look in the other place.
    }
  }
  return undefined;
}

async function ifExecutable(path: string): Promise<string[] | undefined> {
  if (!(await isFile(path))) return undefined;
  const executable = await access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
  return executable ? [path] : undefined;
}

const isFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isFile(),
    () => false,
  );

/** By file and its time of change: an update of Claude is noticed, and nothing is asked twice. */
const versions = new Map<string, Promise<string>>();

async function versionOf(argv: readonly string[], path: string | undefined): Promise<string> {
  const file = await realpath(argv.at(-1) ?? "");
  const key = `${file} ${(await stat(file)).mtimeMs}`;
  let version = versions.get(key);
  if (version === undefined) {
    version = askVersion(argv, path);
    versions.set(key, version);
    // A failure is not an answer: ask again next time.
    version.catch(() => versions.delete(key));
  }
  return version;
}

async function askVersion([file = "", ...args]: readonly string[], path: string | undefined): Promise<string> {
  const env = { PATH: path ?? "/usr/bin:/bin", HOME: homedir(), DISABLE_AUTOUPDATER: "1" };
  const { stdout } = await promisify(execFile)(file, [...args, "--version"], {
    env,
    timeout: VERSION_TIMEOUT_MS,
  }).catch((error: unknown) => {
    throw new AppError("unavailable", `${file} --version failed: ${toError(error).message}`, { cause: error });
  });
  const version = /^(\d+\.\d+\.\d+\S*) \(Claude Code\)/.exec(stdout)?.[1];
  if (version === undefined)
    throw new AppError(
      "unavailable",
      `${file} is not Claude Code: its --version says “${stdout.trim().slice(0, 100)}”`,
    );
  return version;
}
