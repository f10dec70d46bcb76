import { setTimeout as sleep } from "node:timers/promises";
import type { ClaudeProcess } from "../claude/claude-process.ts";
import type { Recorder } from "./recorder.ts";
import type { RunControl } from "./run-control.ts";

const POLL_MS = 50;
/** Claude exits soon after its last result; somebody waits for that, so it is looked for more often, for a second. */
const LAST_POLL_MS = 10;
const LAST_POLLS = 100;
/** A stream of this size is a run out of control; it is stopped, not cut: the file is not rotated under its writer. */
const MAX_STREAM_BYTES = 256 * 1024 * 1024;

export interface FollowedEnd {
  exitCode: number | undefined;
  stderr: string;
}

/** This process is about to end: Claude goes on, and the next start finds it. */
export class Draining extends Error {
  override readonly name = "Draining";
}

/** Reads what an earlier process has recorded, so that this one knows what is open and what was decided. */
export async function catchUp(process: ClaudeProcess, recorder: Recorder, to: number): Promise<void> {
  while (recorder.offset < to) {
    const { lines, offset } = await process.read(recorder.offset, to);
    if (offset === recorder.offset) return;
    recorder.remember(lines, offset);
  }
}

/**
 * Follows Claude to its end: records each line of its stream, hands it what people add, stops it when it must stop.
 * Whether Claude was started a moment ago or found after a crash makes no difference here.
 */
export async function followClaude(
  process: ClaudeProcess,
  recorder: Recorder,
  control: RunControl,
): Promise<FollowedEnd> {
  for (let lastPolls = 0; ;) {
    if (control.draining) throw new Draining();
    // The state first: once it has ended, the reads that follow see all it wrote.
    const state = await process.state();
    const more = await readAll(process, recorder, control);
    if (state !== "alive" && !more) {
      await recorder.settle({ all: true });
      // Dead without an exit file: something of it may still be alive, and must not work beside a successor.
      if (state.exitCode === undefined) await process.stop();
      return { exitCode: state.exitCode, stderr: await process.stderrTail() };
    }
    await control.tend(process, recorder);
    const ending = isEnding(recorder) && lastPolls < LAST_POLLS;
    if (ending) lastPolls += 1;
    await sleep(ending ? LAST_POLL_MS : POLL_MS);
  }
}

/** The last thing Claude told was a result, so it will exit unless it is given more. */
const isEnding = ({ evidence }: Recorder): boolean => evidence.results.length > 0 && !evidence.openTurn;

/** Takes in what is there, chunk by chunk; true when a drain or the size cap broke it off. */
async function readAll(process: ClaudeProcess, recorder: Recorder, control: RunControl): Promise<boolean> {
  for (;;) {
    const { lines, offset, size } = await process.read(recorder.offset);
    if (size > MAX_STREAM_BYTES) control.mustStop("output_too_large");
    if (offset === recorder.offset) break;
    await recorder.take(lines, offset);
    if (control.draining) return true;
  }
  await recorder.settle();
  return false;
}
