import { spawn } from "node:child_process";
import { resolve } from "node:path";
import { compileCache } from "./compile-cache.ts";

const MAIN = resolve(import.meta.dirname, "../../src/main.ts");
const LONGEST_MS = 60_000;

export interface CommandEnd {
  code: number | null;
  out: string;
  err: string;
}

export interface RunningCommand {
  ended: Promise<CommandEnd>;
  /** All it wrote so far. */
  out(): string;
  err(): string;
  signal(name: NodeJS.Signals): void;
}

interface Around {
  env?: Record<string, string>;
  cwd?: string;
  input?: string;
}

/** `claude-orchestrator …` as a process of its own, with nothing of the machine's environment but its PATH. */
export function startCommand(args: readonly string[], { env = {}, cwd, input = "" }: Around = {}): RunningCommand {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd,
    env: { PATH: process.env["PATH"] ?? "/usr/bin:/bin", ...compileCache, ...env },
    timeout: LONGEST_MS,
  });
  let out = "";
  let err = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  child.stdin.end(input);
  const ended = new Promise<CommandEnd>((done, failed) => {
    child.once("error", failed).once("close", (code) => done({ code, out, err }));
  });
  return { ended, out: () => out, err: () => err, signal: (name) => void child.kill(name) };
}

export const runCommandLine = (args: readonly string[], around: Around = {}): Promise<CommandEnd> =>
  startCommand(args, around).ended;
