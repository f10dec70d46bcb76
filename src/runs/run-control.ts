import type { ClaudeProcess } from "../claude/claude-process.ts";
import type { Database } from "../db/database.ts";
import type { Logger } from "../lib/logger.ts";
import { findPendingSteers } from "../messages/message-queries.ts";
import { promptOf } from "./prompt.ts";
import type { Recorder } from "./recorder.ts";
import { findStopRequest } from "./run-queries.ts";

/** Why a run was stopped from outside; the first reason stays. */
export type StopReason = "stopped" | "timeout" | "output_too_large";

export type RunControl = ReturnType<typeof createRunControl>;

/** One line of Claude's input; the uuid comes back in the stream when Claude takes it in. */
export const inputLine = (uuid: string, text: string) => ({
  type: "user",
  uuid,
  message: { role: "user", content: text },
});

/**
 * What people and limits want of a run that is on. `look` is told by a nudge that something is new in the ledger;
 * `tend` acts on it between two looks at the stream.
 */
export function createRunControl(
  { db, log }: { db: Database; log: Logger },
  { runId, deadline }: { runId: string; deadline: Date },
) {
  const preparing = new AbortController();
  const handed = new Set<string>();
  let reason: StopReason | undefined;
  let by: string | null = null;
  const stopOnce = createStopper(log, runId);
  let draining = false;
  /** At first there may be something from before we came. */
  let news = true;

  function mustStop(why: StopReason): void {
    reason ??= why;
    preparing.abort();
  }

  async function readNews(process: ClaudeProcess | undefined): Promise<void> {
    news = false;
    const request = await findStopRequest(db, runId);
    if (request?.stopRequestedAt) {
      by = request.stopRequestedBy;
      mustStop("stopped");
    }
    if (!process?.canSend || reason) return;
    for (const message of await findPendingSteers(db, runId)) {
      if (handed.has(message.id)) continue;
      process.send(inputLine(message.id, promptOf(message)));
      handed.add(message.id);
    }
  }

  return {
    mustStop,
    /** Aborts what goes on before Claude runs. */
    signal: preparing.signal,
    get reason() {
      return reason;
    },
    get stoppedBy() {
      return by;
    },
    get draining() {
      return draining;
    },
    /** Something about the run is new in the ledger. */
    look(): void {
      news = true;
    },
    /** Lets go of the run without ending it. */
    drain(): void {
      draining = true;
      preparing.abort();
    },
    /** Reads what is new before Claude runs. */
    check: () => readNews(undefined),

    async tend(process: ClaudeProcess, recorder: Recorder): Promise<void> {
      if (Date.now() > deadline.getTime()) mustStop("timeout");
      if (news) await readNews(process);
      if (reason) stopOnce(process);
      // A result with nothing handed over since: no more input comes, so Claude may exit.
      if (process.canSend && recorder.evidence.results.length > 0) process.closeInput();
    },
  };
}

/** Stops Claude once, in the background; a stop that fails may be tried again. */
function createStopper(log: Logger, runId: string): (process: ClaudeProcess) => void {
  let stopping: Promise<void> | undefined;
  return (process) => {
    stopping ??= process.stop().catch((error: unknown) => {
      log.error({ err: error, runId }, "stopping Claude failed; trying again");
      stopping = undefined;
    });
  };
}
