import { readFileSync, writeFileSync } from "node:fs";
import { mkdir, open } from "node:fs/promises";
import { join } from "node:path";

/** What a run of Claude leaves in its folder; start, attach and recovery read the same files. */
export interface RunFiles {
  folder: string;
  /** Claude's stream, one JSON object a line. */
  stdout: string;
  stderr: string;
  /** The named pipe for input; gone from the folder as soon as both ends are open. */
  input: string;
  /** The pid of the wrapper, written by the wrapper itself. */
  pid: string;
  /** Claude's exit code, written by the wrapper when everything has ended. */
  exit: string;
  marker: string;
}

const STDERR_TAIL_BYTES = 4_096;

export const runFiles = (folder: string): RunFiles => ({
  folder,
  stdout: join(folder, "stdout.ndjson"),
  stderr: join(folder, "stderr.log"),
  input: join(folder, "input"),
  pid: join(folder, "pid"),
  exit: join(folder, "exit"),
  marker: join(folder, "marker"),
});

/** Makes the folder, for this account only, and notes the run's marker, so that whoever finds the folder can sweep. */
export async function createRunFiles(folder: string, marker: string): Promise<RunFiles> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const files = runFiles(folder);
  writeFileSync(files.marker, marker, { mode: 0o600, flag: "wx" });
  return files;
}

/** The number in a file that was written completely, that is, to the end of its line. */
export function readNumberFile(path: string): number | undefined {
  const text = readText(path);
  return text !== undefined && /^\d{1,10}\n$/.test(text) ? Number(text) : undefined;
}

export function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/** The last 4 KiB of what Claude wrote to stderr, without anything that looks like a secret. */
export async function readStderrTail(path: string): Promise<string> {
  const file = await open(path, "r").catch(() => undefined);
  if (file === undefined) return "";
  try {
    const { size } = await file.stat();
    const start = Math.max(0, size - STDERR_TAIL_BYTES);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(STDERR_TAIL_BYTES), 0, STDERR_TAIL_BYTES, start);
    return maskSecrets(buffer.toString("utf8", 0, bytesRead));
  } finally {
    await file.close();
  }
}

const SECRET =
  /\b(?:sk-[\w-]{8,}|gh[opsur]_\w{8,}|github_pat_\w{8,}|xox[a-z]-[\w-]{8,}|AKIA\w{12,}|eyJ[\w-]{10,}\.[\w.-]+)|(?<=\bBearer\s)\S+|(?<=:\/\/)[^\s/@]+(?=@)/gi;

/** Replaces what looks like a key or token, in a text that goes to a person or a log. */
export const maskSecrets = (text: string): string => text.replaceAll(SECRET, "[secret]").replaceAll("\u0000", "");
