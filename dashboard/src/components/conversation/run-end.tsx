import type { Run } from "../../../../src/contract/run.ts";
import type { Session } from "../../../../src/contract/session.ts";
import { duration, fullTime, money, plural } from "../../lib/format.ts";
import { REASONS } from "../../lib/run-words.ts";
import { CancelledIcon, FailedIcon } from "../icons.tsx";
import { DenialNotice } from "./denial-notice.tsx";
import { RestartOffer } from "./restart-offer.tsx";
import classes from "./run-end.module.css";

function facts(run: Run): string {
  const parts = [
    run.durationMs !== null && duration(run.durationMs),
    run.turns !== null && plural(run.turns, "turn"),
    run.costUsd !== null && money(run.costUsd),
    run.attempts.length > 1 && plural(run.attempts.length, "attempt"),
  ];
  return parts.filter(Boolean).join(" · ");
}

function Divider({ run }: { run: Run }) {
  const words = [`run ${run.number} done`, facts(run)].filter(Boolean).join(" · ");
  return (
    <div className={classes.divider} role="separator" title={fullTime(run.finishedAt ?? run.queuedAt)}>
      <span className="num">{words}</span>
    </div>
  );
}

function Notice({ run, latest }: { run: Run; latest: boolean }) {
  const stopped = run.status === "cancelled";
  const reason = REASONS[run.reason ?? (stopped ? "stopped" : "claude_error")];
  return (
    <section
      className={classes.notice}
      data-stopped={stopped || undefined}
      aria-label={`Run ${run.number}: ${reason.title}`}
    >
      {stopped ? <CancelledIcon className="t-done" /> : <FailedIcon className="t-fail" />}
      <div>
        <h3>
          {reason.title} <span className="num">{[`run ${run.number}`, facts(run)].filter(Boolean).join(" · ")}</span>
        </h3>
        {run.error && <p className={classes.said}>{run.error}</p>}
        {latest && !run.error && <p className="dim">{reason.advice}</p>}
        {latest && <RestartOffer run={run} />}
        {run.stderrTail && (
          <details>
            <summary>Details</summary>
            <pre tabIndex={0}>{run.stderrTail}</pre>
          </details>
        )}
      </div>
    </section>
  );
}

/** How a run ended: a hairline where all went well; what failed, why and what to do where it did not. */
export function RunEnd({ run, session, latest }: { run: Run; session: Session; latest: boolean }) {
  return (
    <>
      {run.denials.length > 0 && <DenialNotice run={run} session={session} latest={latest} />}
      {run.status === "succeeded" ? <Divider run={run} /> : <Notice run={run} latest={latest} />}
    </>
  );
}
