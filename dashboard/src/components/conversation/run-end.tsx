import type { Run } from "../../../../src/contract/run.ts";
import type { Session } from "../../../../src/contract/session.ts";
import { duration, fullTime, money, plural } from "../../lib/format.ts";
import { REASONS } from "../../lib/run-words.ts";
import { DenialNotice } from "./denial-notice.tsx";
import { CancelledIcon, FailedIcon } from "../icons.tsx";
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

/** How a run ended: a hairline where all went well; what failed, why and what to do where it did not. */
export function RunEnd({ run, session, latest }: { run: Run; session: Session; latest: boolean }) {
  const denials = run.denials.length > 0 && <DenialNotice run={run} session={session} latest={latest} />;
  if (run.status === "succeeded") {
    return (
      <>
        {denials}
        <div className={classes.divider} role="separator" title={run.finishedAt ? fullTime(run.finishedAt) : undefined}>
          <span className="num">run {run.number} done{facts(run) && ` · ${facts(run)}`}</span>
        </div>
      </>
    );
  }
  const reason = REASONS[run.reason ?? (run.status === "cancelled" ? "stopped" : "claude_error")];
  const stopped = run.status === "cancelled";
  const said = run.error ?? "";
  return (
    <>
      {denials}
      <section className={classes.notice} data-stopped={stopped || undefined} aria-label={`Run ${run.number}: ${reason.title}`}>
        {stopped ? <CancelledIcon className="t-done" /> : <FailedIcon className="t-fail" />}
        <div>
          <h3>{reason.title} <span className="num">run {run.number}{facts(run) && ` · ${facts(run)}`}</span></h3>
          {said && <p className={classes.said}>{said}</p>}
          {latest && !said.includes(reason.advice) && <p className="dim">{reason.advice}</p>}
          {run.stderrTail && (
            <details>
              <summary>Details</summary>
              <pre tabIndex={0}>{run.stderrTail}</pre>
            </details>
          )}
        </div>
      </section>
    </>
  );
}
