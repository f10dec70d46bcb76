import type { ApiClient } from "./api-client.ts";
import { followRun, hasEnded, untilEnded } from "./session-follow.ts";
import { EXIT, exitCodeOfRun, summaryOf } from "./session-output.ts";
import { createProgress, printable } from "./session-progress.ts";

/** Where a command's words go. */
export interface Screen {
  out(text: string): void;
  err(text: string): void;
  /** Somebody looks at the standard output: progress and answer are one text there. */
  isTerminal: boolean;
}

export interface RunToFollow {
  sessionId: string;
  runId: string;
  after: number;
}

export interface FollowOptions {
  json: boolean;
  /** Seconds after which it is enough; the run goes on. */
  timeout?: number | undefined;
}

const goesOn = (sessionId: string): string =>
  [
    "",
    `The run goes on. Session ${sessionId}`,
    `  claude-orchestrator session wait ${sessionId}   follows it again`,
    `  claude-orchestrator session stop ${sessionId}   stops it`,
    "",
  ].join("\n");

/**
 * Follows a run to its end and prints its answer. Progress goes to the terminal; when the standard output is a file or a
 * pipe, only the answer goes there. Ctrl-C ends the following, not the run. Returns the exit code.
 */
export async function followToEnd(
  { client, screen }: { client: ApiClient; screen: Screen },
  run: RunToFollow,
  { json, timeout }: FollowOptions,
): Promise<number> {
  const interrupted = new AbortController();
  const interrupt = () => interrupted.abort();
  process.once("SIGINT", interrupt);
  const signals = [interrupted.signal, ...(timeout === undefined ? [] : [AbortSignal.timeout(timeout * 1000)])];
  const signal = AbortSignal.any(signals);
  const progress = createProgress(screen.isTerminal ? screen.out : screen.err);
  try {
    const result = json
      ? await untilEnded(client, run.runId, signal)
      : await followRun(client, run, { progress, signal });
    if (interrupted.signal.aborted && !hasEnded(result)) {
      screen.err(goesOn(run.sessionId));
      return EXIT.interrupted;
    }
    if (json) screen.out(`${JSON.stringify(result)}\n`);
    else {
      if (!screen.isTerminal && result.answer !== null) screen.out(`${result.answer}\n`);
      if (result.error !== null) screen.err(`${printable(result.error)}\n`);
      screen.err(`${summaryOf(result)}\n`);
    }
    return exitCodeOfRun(result);
  } finally {
    process.off("SIGINT", interrupt);
  }
}
