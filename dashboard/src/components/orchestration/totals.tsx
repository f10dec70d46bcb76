import type { GlobalCounts, OrchestrationChange } from "../../../../src/contract/orchestration.ts";
import { fullTime } from "../../lib/format.ts";
import { reasonWord } from "./workspace-row.tsx";
import classes from "./totals.module.css";

const KINDS: Record<OrchestrationChange["kind"], string> = {
  created: "made",
  desired: "desired",
  released: "no limit",
  runs: "runs",
  reported: "reported",
  paused: "paused",
  resumed: "resumed",
  template: "template",
  expired: "expired",
};

function difference({ running, desired }: GlobalCounts): string {
  const missing = desired - running;
  if (missing === 0) return "As many run as desired";
  return missing > 0 ? `Why ${missing} fewer run than desired` : `Why ${-missing} more run than desired`;
}

/** The sums over all workspaces, and why they differ. */
export function Totals({ global, last }: { global: GlobalCounts; last: OrchestrationChange | undefined }) {
  const { running, desired, queued, maxDesired, reasons } = global;
  return (
    <section className={classes.figures} aria-label="Totals">
      <Figure caption="Running" value={running} note="in all workspaces" />
      <Figure caption="Desired" value={desired} note={`limit ${maxDesired} a workspace`} />
      <Figure caption="Queued" value={queued} note="waiting to begin" />
      <div className={classes.figure}>
        <h2 className={classes.caption}>{difference(global)}</h2>
        <ul className={classes.reasons}>
          {reasons.map(({ reason, count }) => (
            <li key={reason}>
              <b>{count}</b> {reasonWord(reason).toLowerCase()}
            </li>
          ))}
        </ul>
        {last && (
          <p className="sm dim">
            Last change {fullTime(last.at)}: {last.workspaceId ?? "everything"}, {KINDS[last.kind]}
            {last.kind === "desired" && ` ${last.desired}`}
            {last.actor && `, by ${last.actor}`}
          </p>
        )}
      </div>
    </section>
  );
}

function Figure({ caption, value, note }: { caption: string; value: number; note: string }) {
  return (
    <div className={classes.figure}>
      <h2 className={classes.caption}>{caption}</h2>
      <div className={classes.value}>{value}</div>
      <p className="sm dim">{note}</p>
    </div>
  );
}
