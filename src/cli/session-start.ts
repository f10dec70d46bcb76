import { resolve } from "node:path";
import type { z } from "zod";
import type { CreateSession, PermissionMode } from "../contract/session.ts";
import { AppError } from "../lib/errors.ts";

/** A prompt may have that many bytes; the server takes a million letters. */
const MAX_PROMPT_BYTES = 4 * 1024 * 1024;

export interface StartOptions {
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

/** The place a session works in: a repository, a folder, or the folder one stands in. */
function placeOf({ repo, path, worktree = false }: StartOptions, cwd: string) {
  if (repo !== undefined && (path !== undefined || worktree))
    throw new AppError("invalid", "say either --repo, or --path with or without --worktree");
  if (repo !== undefined) return { projectType: "github" as const, githubRepo: repo };
  return { projectType: worktree ? ("worktree" as const) : ("local" as const), projectPath: resolve(cwd, path ?? ".") };
}

/** The body of POST /api/sessions; only what was said. */
export function startBody(prompt: string, options: StartOptions, cwd: string): z.input<typeof CreateSession> {
  const { branch, title, tag, model, permissionMode, allow, disallow, maxTurns, maxBudget, runTimeout } = options;
  const said = {
    branch,
    title,
    tags: tag,
    model,
    permissionMode,
    allowedTools: allow,
    disallowedTools: disallow,
    maxTurns,
    maxBudgetUsd: maxBudget,
    timeoutSeconds: runTimeout,
    appendSystemPrompt: options.systemPrompt,
  };
  return {
    ...placeOf(options, cwd),
    ...Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined)),
    initialPrompt: prompt,
    source: "cli",
  };
}

/** The prompt as it was given; `-` reads it from the standard input. */
export async function readPrompt(given: string, stdin: AsyncIterable<Buffer | string>): Promise<string> {
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
