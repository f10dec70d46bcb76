import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import type { ScheduleFire } from "../../../../src/contract/schedule.ts";
import { firesQuery } from "../../api/schedules.ts";
import { fullTime } from "../../lib/format.ts";
import { CancelledIcon, ClockIcon, DoneIcon, FailedIcon, type MarkIcon, QueuedIcon, RunningIcon } from "../icons.tsx";
import classes from "./schedule-row.module.css";

type Look = readonly [word: string, icon: typeof MarkIcon, tone: string];

const STATUSES: Record<Exclude<ScheduleFire["status"], "fired">, Look> = {
  queued: ["Waits for the time before", QueuedIcon, "wait"],
  skipped: ["Left out", CancelledIcon, "wait"],
  missed: ["Missed, no server was there", ClockIcon, "need"],
  failed: ["Could not be started", FailedIcon, "fail"],
};

const RUNS: Record<NonNullable<ScheduleFire["runStatus"]>, Look> = {
  queued: ["Started, queued", QueuedIcon, "wait"],
  running: ["Running", RunningIcon, "run"],
  waiting: ["Waiting", ClockIcon, "wait"],
  succeeded: ["Done", DoneIcon, "done"],
  failed: ["Failed", FailedIcon, "fail"],
  cancelled: ["Stopped", CancelledIcon, "wait"],
};

const CAUSES: Record<ScheduleFire["cause"], string> = {
  time: "",
  missed: "makes up for missed times",
  hand: "by hand",
};

const lookOf = ({ status, runStatus }: ScheduleFire): Look =>
  status === "fired" ? RUNS[runStatus ?? "queued"] : STATUSES[status];

function Fire({ fire }: { fire: ScheduleFire }) {
  const [word, Icon, tone] = lookOf(fire);
  return (
    <li className={classes.fire}>
      <Icon size={14} className={`t-${tone}`} />
      <time dateTime={fire.dueAt} className="num dim">
        {fullTime(fire.dueAt)}
      </time>
      <span className={classes.outcome}>
        <b>{word}</b> {CAUSES[fire.cause] && <span className="dim">{CAUSES[fire.cause]}</span>}
        {fire.sessionId && (
          <Link to={`/sessions/${fire.sessionId}`} className={classes.link}>
            Session
          </Link>
        )}
        {fire.reason && <span className={`${classes.reason} sm dim`}>{fire.reason}</span>}
      </span>
    </li>
  );
}

/** What became of its last times, the missed and left-out ones too. */
export function ScheduleHistory({ id }: { id: string }) {
  const { data: fires, error } = useQuery(firesQuery(id));
  return (
    <section>
      <h3 className={classes.caption}>What became of its times</h3>
      {!fires && error && (
        <p className="t-fail sm" role="alert">
          {error.message}
        </p>
      )}
      {!fires && !error && <p className="dim">Reading…</p>}
      {fires?.length === 0 && <p className="dim">It was not due yet.</p>}
      <ul aria-label="History">
        {fires?.map((fire) => (
          <Fire key={fire.fireId} fire={fire} />
        ))}
      </ul>
    </section>
  );
}
