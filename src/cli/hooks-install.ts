import { randomUUID } from "node:crypto";
import { mkdir, open, readFile, realpath, rename, rm, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { AppError } from "../lib/errors.ts";
import { addHooks, removeHooks, warningsOf, type HookTarget } from "./hook-settings.ts";
import { lineDiff } from "./line-diff.ts";

export interface HooksInstall extends HookTarget {
  /** The folder whose sessions shall be heard, or "global" for all sessions of this account. */
  where: { project: string } | "global";
  /** Claude's own folder: CLAUDE_CONFIG_DIR, else ~/.claude. */
  configDir: string;
  remove: boolean;
  /** Do not ask. */
  yes: boolean;
}

/** Where the command speaks to a person. */
export interface Terminal {
  isInteractive: boolean;
  write: (text: string) => void;
  /** Whether the person agrees. */
  confirm: (question: string) => Promise<boolean>;
}

const SECRET_MODE = 0o600;
const FILE_MODE = 0o644;

/**
 * Puts our hooks into a settings file of Claude Code, or takes them out; the rest of the file stays. Shows what changes
 * and asks. Returns whether the file was written.
 */
export async function installHooks(install: HooksInstall, terminal: Terminal): Promise<boolean> {
  checkTarget(install);
  const file = await settingsFile(install);
  const before = await readText(file);
  const settings = parseSettings(before, file);
  const changed = install.remove ? removeHooks(settings, install.url) : addHooks(settings, install);
  for (const warning of warningsOf(changed, install.url)) terminal.write(`Note: ${warning}\n`);
  const after = `${JSON.stringify(changed, null, indentOf(before))}\n`;
  if (JSON.stringify(changed) === JSON.stringify(settings)) {
    terminal.write(install.remove ? `No hooks to ${install.url} in ${file}.\n` : `The hooks are in ${file} already.\n`);
    return false;
  }
  terminal.write(`${file}\n${hideTokens(lineDiff(before, after))}\n`);
  if (!(await mayWrite(install, terminal))) return false;
  if ((await readText(file)) !== before)
    throw new AppError("conflict", `${file} was changed meanwhile; run the command again`);
  await writeSettings(file, after);
  terminal.write(
    install.remove
      ? "Removed. Sessions that are on keep their hooks.\n"
      : "Installed. New sessions of Claude Code are heard.\n",
  );
  return true;
}

function checkTarget({ url, token }: HookTarget): void {
  if (!URL.canParse(url) || !/^https?:/u.test(url) || /[\s$]/u.test(url))
    throw new AppError("invalid", `--url ${url} is not an http URL`);
  // Claude replaces $NAME in headers, and a header cannot hold other characters.
  if (token !== undefined && !/^[\x21-\x23\x25-\x7e]+$/u.test(token))
    throw new AppError("invalid", "--token has characters that a header cannot carry");
}

/** The file itself, also when a link leads to it: people keep their settings elsewhere and link them. */
async function settingsFile({ where, configDir }: HooksInstall): Promise<string> {
  if (where === "global") return resolveLink(join(resolve(configDir), "settings.json"));
  const project = resolve(where.project);
  const found = await stat(project).catch(() => undefined);
  if (!found?.isDirectory()) throw new AppError("not_found", `There is no folder ${project}`);
  return resolveLink(join(project, ".claude", "settings.local.json"));
}

async function resolveLink(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    return path;
  }
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return "";
    throw new AppError("unavailable", `${file} cannot be read`, { cause: error });
  }
}

function parseSettings(text: string, file: string): Record<string, unknown> {
  if (text.trim() === "") return {};
  let settings: unknown;
  try {
    settings = JSON.parse(text.replace(/^\uFEFF/u, ""));
  } catch (cause) {
    throw new AppError(
      "invalid",
      `${file}:${placeOf(cause, text)}: not valid JSON, so it is left alone; correct it first`,
      { cause },
    );
  }
  if (typeof settings !== "object" || settings === null || Array.isArray(settings))
    throw new AppError("invalid", `${file}: does not hold an object; correct it first`);
  return settings as Record<string, unknown>;
}

/** `line:column` of a JSON error, from the position V8 names; the end of the text when it names none. */
function placeOf(error: unknown, text: string): string {
  const position = Number(/at position (\d+)/u.exec(error instanceof Error ? error.message : "")?.[1] ?? text.length);
  const lines = text.slice(0, position).split("\n");
  return `${lines.length}:${(lines.at(-1)?.length ?? 0) + 1}`;
}

const indentOf = (text: string): string => /\n([ \t]+)"/u.exec(text)?.[1] ?? "  ";

const hideTokens = (text: string): string => text.replaceAll(/Bearer [^"]+/gu, "Bearer …");

async function mayWrite({ yes }: HooksInstall, terminal: Terminal): Promise<boolean> {
  if (yes) return true;
  if (!terminal.isInteractive)
    throw new AppError("invalid", "There is no terminal to ask on; add --yes to write the file");
  return terminal.confirm("Write this?");
}

/** Whole or not at all; readable by this account only when a token is in it. */
async function writeSettings(file: string, text: string): Promise<void> {
  const found = await stat(file).catch(() => undefined);
  const mode = text.includes('"Authorization": "Bearer ') ? SECRET_MODE : (found?.mode ?? FILE_MODE) & 0o777;
  await mkdir(dirname(file), { recursive: true });
  const temporary = join(dirname(file), `.settings-${randomUUID()}.tmp`);
  try {
    await using handle = await open(temporary, "wx", mode);
    await handle.chmod(mode);
    await handle.writeFile(text);
    await handle.sync();
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw new AppError("unavailable", `${file} cannot be written`, { cause: error });
  }
}
