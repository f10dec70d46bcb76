import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** When something of a run was first seen, in milliseconds since the epoch. */
export interface RunMarks {
  /** The run's folder was made. */
  folder?: number;
  /** The wrapper has written its pid: Claude is being started. */
  pid?: number | undefined;
  firstLine?: number;
  resultLine?: number;
  /** Claude has ended. */
  exit?: number | undefined;
}

const LOOK_MS = 4;

/** Looks at the folder of the runs while one run is on: the files say what the ledger does not. */
export function watchRuns(runsDir: string) {
  const marks: RunMarks = {};
  const old = new Set(list(runsDir));
  const timer = setInterval(() => {
    const name = list(runsDir).find((one) => !old.has(one) && !one.endsWith(".tmp"));
    if (name !== undefined) look(join(runsDir, name), marks);
  }, LOOK_MS);
  return {
    marks,
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** The file's time of change is exact where it is written once; the stream's lines are known to one look. */
function look(folder: string, marks: RunMarks): void {
  marks.folder ??= Date.now();
  marks.pid ??= changedAt(join(folder, "pid"));
  marks.exit ??= changedAt(join(folder, "exit"));
  if (marks.resultLine !== undefined) return;
  const stream = text(join(folder, "stdout.ndjson"));
  if (stream.includes("\n")) marks.firstLine ??= Date.now();
  if (stream.includes('"type":"result"')) marks.resultLine = Date.now();
}

function changedAt(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}

function text(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
