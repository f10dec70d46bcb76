import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { z } from "zod";
import type { PermissionMode } from "../contract/session.ts";
import type { StartSession } from "../contract/template.ts";
import { AppError, toError } from "../lib/errors.ts";

/** A prompt may have that many bytes; the server takes a million letters. */
const MAX_PROMPT_BYTES = 4 * 1024 * 1024;

export interface StartOptions {
  template?: string;
  var?: string[];
  jsonSchema?: string;
  repo?: string;
  path?: string;
  worktree?: boolean;
  branch?: string;
  title?: string;
  tag?: string[];
  model?: string;
  permissionMode?: PermissionMode;
  allow?: string[];
  disallow?: string[];
  maxTurns?: number;
  maxBudget?: number;
  runTimeout?: number;
  systemPrompt?: string;
}

/** The place a session works in: a repository, a folder, what a template says, or the folder one stands in. */
function placeOf({ repo, path, worktree = false, template }: StartOptions, cwd: string) {
  const saysFolder = path !== undefined || worktree;
  if (repo !== undefined && saysFolder)
    throw new AppError("invalid", "say either --repo, or --path with or without --worktree");
  if (repo !== undefined) return { projectType: "github" as const, githubRepo: repo };
  if (template !== undefined && !saysFolder) return {};
  return { projectType: worktree ? ("worktree" as const) : ("local" as const), projectPath: resolve(cwd, path ?? ".") };
}

/** `name=value`, several times. */
function variablesOf(given: readonly string[] = []): Record<string, string> | undefined {
  const pairs = given.map((text) => {
    const at = text.indexOf("=");
    if (at < 1) throw new AppError("invalid", `--var ${text} is not name=value`);
    return [text.slice(0, at), text.slice(at + 1)] as const;
  });
  return pairs.length === 0 ? undefined : Object.fromEntries(pairs);
}

async function readJsonSchema(file: string | undefined) {
  if (file === undefined) return undefined;
  try {
    return z.record(z.string(), z.json()).parse(JSON.parse(await readFile(file, "utf8")));
  } catch (error) {
    const why = error instanceof z.ZodError ? "it is no JSON object" : toError(error).message;
    throw new AppError("invalid", `The JSON Schema in ${file} cannot be read: ${why}`, { cause: error });
  }
}

/** The body of POST /api/sessions; only what was said. */
export async function startBody(
  prompt: string | undefined,
  options: StartOptions,
  cwd: string,
): Promise<z.input<typeof StartSession>> {
  if (prompt === undefined && options.template === undefined)
    throw new AppError("invalid", "say what to do: a prompt, - for the standard input, or --template");
  const said = {
    template: options.template,
    variables: variablesOf(options.var),
    jsonSchema: await readJsonSchema(options.jsonSchema),
    initialPrompt: prompt,
    branch: options.branch,
    title: options.title,
    tags: options.tag,
    model: options.model,
    permissionMode: options.permissionMode,
    allowedTools: options.allow,
    disallowedTools: options.disallow,
    maxTurns: options.maxTurns,
    maxBudgetUsd: options.maxBudget,
    timeoutSeconds: options.runTimeout,
    appendSystemPrompt: options.systemPrompt,
  };
  const fields = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
  return { ...placeOf(options, cwd), ...fields, source: "cli" };
}

/** The prompt as it was given; `-` reads it from the standard input. */
export async function readPrompt<T extends string | undefined>(
  given: T,
  stdin: AsyncIterable<Buffer | string>,
): Promise<T | string> {
  if (given !== "-") return given;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stdin) {
    const piece = Buffer.from(chunk);
    bytes += piece.length;
    if (bytes > MAX_PROMPT_BYTES) throw new AppError("invalid", "The prompt on the standard input is too long");
    chunks.push(piece);
  }
  const text = Buffer.concat(chunks).toString("utf8");
  if (text.trim() === "") throw new AppError("invalid", "The standard input holds no prompt");
  return text;
}
