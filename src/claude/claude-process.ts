import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, openSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { AppError, toError } from "../lib/errors.ts";
import { closedInput, openInputPipe, type InputPipe } from "./input-pipe.ts";
import { findMarkedProcesses, MARKER_VARIABLE, readMarker, sweepLeftovers } from "./marked-processes.ts";
import { namespacePrefix } from "./pid-namespace.ts";
import { hasProc, identify, identityAlive, type ProcessIdentity } from "./process-identity.ts";
import { createRunFiles, readNumberFile, readStderrTail, readText, runFiles, type RunFiles } from "./run-files.ts";
import { climbDown } from "./stop-ladder.ts";
import { openStreamFile, type StreamChunk } from "./stream-file.ts";

/** One life of Claude, the same whether this process started it or found it. */
export interface ClaudeProcess {
  /** Undefined when it never started or ended unseen. */
  readonly identity: ProcessIdentity | undefined;
  /** Complete lines of the stream from a byte offset on, about 1 MiB a call; with `end`, none from there on. */
  read(offset: number, end?: number): Promise<StreamChunk>;
  /**
   * Ask this first, then read to the end: when it has ended, no line comes after what `read` then finds. An exit code
   * means that nothing of it runs any more. An exit code of undefined means lost (killed from outside, machine
   * restarted): call `stop` before anything else is started.
   */
  state(): Promise<ClaudeState>;
  readonly canSend: boolean;
  /** Writes one JSON line to Claude's input; AppError "conflict" when there is no input any more. */
  send(value: object): void;
  /** No more input: Claude finishes what it has and exits. */
  closeInput(): void;
  /** Ends it and everything it started. Returns when nothing of it runs. */
  stop(): Promise<void>;
  stderrTail(): Promise<string>;
  /** Lets go of our file handles. Claude reads the end of its input and finishes its turn by itself. */
  release(): void;
}

export type ClaudeState = "alive" | { exitCode: number | undefined };

export interface ClaudeStart {
  /** A new folder for this life's files; made 0700. */
  runDir: string;
  cwd: string;
  argv: readonly string[];
  /** The whole environment of Claude; nothing is inherited but the run's marker. */
  env: Readonly<Record<string, string>>;
  /** Unique to this life; begins with something of this installation, so that its leftovers can be told from others'. */
  marker: string;
}

/** Runs outside Claude's process namespace, so the exit file is written when all that ran inside is gone. */
const WRAPPER = `
d=$1; shift
echo $$ >"$d/pid"
trap : INT TERM HUP
"$@"
c=$?
echo $c >"$d/exit.tmp" && mv -f "$d/exit.tmp" "$d/exit"
`;

const RECHECK_MS = 50;

/**
 * Starts Claude so that it outlives this process: detached, its output in files, its input a pipe that ends with us.
 * `isolation` is put before the command; by default the best this system allows.
 */
export async function startClaude(
  { runDir, cwd, argv, env, marker }: ClaudeStart,
  isolation: readonly string[] | Promise<readonly string[]> = namespacePrefix(),
): Promise<ClaudeProcess> {
  const prefix = await isolation;
  const files = await createRunFiles(runDir, marker);
  const { readFd, input } = await openInputPipe(files.input);
  const append = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT;
  const stdio = [readFd, openSync(files.stdout, append, 0o600), openSync(files.stderr, append, 0o600)];
  try {
    const child = spawn("/bin/sh", ["-c", WRAPPER, "run", files.folder, ...prefix, ...argv], {
      cwd,
      env: { ...env, [MARKER_VARIABLE]: marker },
      detached: true,
      stdio,
    });
    child.unref();
    await once(child, "spawn");
    return processOf(files, child.pid === undefined ? undefined : identify(child.pid), input, marker);
  } catch (error) {
    input.close();
    throw new AppError("unavailable", `Claude could not be started in ${cwd}: ${toError(error).message}`, {
      cause: error,
    });
  } finally {
    stdio.forEach((fd) => closeSync(fd));
  }
}

/** The life whose files are in `runDir`, dead or alive. Without a stored identity it is looked for. */
export async function attachClaude(runDir: string, identity: ProcessIdentity | undefined): Promise<ClaudeProcess> {
  const files = runFiles(runDir);
  const marker = readText(files.marker);
  return processOf(files, identity ?? (await findIdentity(files, marker)), closedInput, marker);
}

async function findIdentity(files: RunFiles, marker: string | undefined): Promise<ProcessIdentity | undefined> {
  const pid = readNumberFile(files.pid);
  if (marker === undefined) return undefined;
  if (pid !== undefined) return readMarker(pid) === marker || !hasProc() ? identify(pid) : undefined;
  // Started, but its wrapper had no time to write its pid: the oldest process of the run is the wrapper.
  const found = (await findMarkedProcesses(marker)).filter((one) => one.marker === marker);
  const [wrapper] = found.toSorted((a, b) => Number(a.startTime) - Number(b.startTime));
  return wrapper && identify(wrapper.pid);
}

function processOf(
  files: RunFiles,
  identity: ProcessIdentity | undefined,
  input: InputPipe,
  marker: string | undefined,
): ClaudeProcess {
  const stream = openStreamFile(files.stdout);
  let stopping: Promise<void> | undefined;
  let swept: Promise<void> | undefined;

  async function state(): Promise<ClaudeState> {
    const exitCode = readNumberFile(files.exit);
    if (exitCode === undefined && identity && identityAlive(identity)) return "alive";
    // The wrapper may have renamed its exit file between the two looks above.
    if (exitCode === undefined) await sleep(RECHECK_MS);
    const last = exitCode ?? readNumberFile(files.exit);
    if (last !== undefined && marker !== undefined) await (swept ??= sweepLeftovers(marker, identity?.pid));
    return { exitCode: last };
  }

  return {
    identity,
    read: stream.read,
    state,
    get canSend() {
      return input.open;
    },
    send: (value) => input.send(value),
    closeInput: () => input.close(),
    stop() {
      stopping ??= climbDown(identity, input, marker).finally(() => {
        stopping = undefined;
      });
      return stopping;
    },
    stderrTail: () => readStderrTail(files.stderr),
    release() {
      input.close();
      stream.close();
    },
  };
}
