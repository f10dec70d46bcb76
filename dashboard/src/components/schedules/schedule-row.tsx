import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import type { Schedule } from "../../../../src/contract/schedule.ts";
import { deleteSchedule, fireSchedule, updateSchedule } from "../../api/schedules.ts";
import { comingTime, fullTime, plainLine, shortId } from "../../lib/format.ts";
import { Button } from "../button.tsx";
import { ClockIcon, FailedIcon, FoldIcon, PauseIcon, PlayIcon } from "../icons.tsx";
import { ScheduleHistory } from "./schedule-history.tsx";
import classes from "./schedule-row.module.css";

/** What it does, in one line. */
function doesOf({ start, continue: goOn }: Schedule): string {
  if (goOn) return `${goOn.sessionId ? shortId(goOn.sessionId) : "a session that is gone"}: ${plainLine(goOn.prompt)}`;
  return start ? startsOf(start) : "";
}

function startsOf(start: NonNullable<Schedule["start"]>): string {
  if (start.template !== undefined) return `Template ${start.template}`;
  const place = start.githubRepo ?? start.projectPath ?? "";
  return [place, plainLine(start.initialPrompt ?? "no prompt")].filter(Boolean).join(": ");
}

interface RowProps {
  schedule: Schedule;
  now: number;
  isOpen: boolean;
  onToggle: () => void;
  onEdit: () => void;
}

/** One schedule: when, what and how it goes; open, also its times and what may be done with it. */
export function ScheduleRow({ schedule, now, isOpen, onToggle, onEdit }: RowProps) {
  const { name, cron, timeZone, status, nextFires, failures } = schedule;
  const body = useId();
  const [next] = nextFires;
  const isPaused = status === "paused";
  const Icon = isPaused ? (failures > 0 ? FailedIcon : PauseIcon) : ClockIcon;
  return (
    <li className={classes.item} data-paused={isPaused || undefined}>
      <button type="button" className={classes.row} aria-expanded={isOpen} aria-controls={body} onClick={onToggle}>
        <Icon size={14} className={isPaused ? (failures > 0 ? "t-fail" : "t-wait") : "t-run"} />
        <span className={classes.what}>
          <b title={name}>{name}</b>
          <span className="sm dim">{doesOf(schedule)}</span>
        </span>
        <span className={classes.when}>
          <code>{cron}</code>
          <span className="sm dim">{timeZone}</span>
        </span>
        <span className={classes.next}>
          {isPaused ? (
            <b>Paused</b>
          ) : (
            <span title={next && fullTime(next)}>{next ? comingTime(next, now) : "never again"}</span>
          )}
          <Trouble schedule={schedule} />
        </span>
        <span className={classes.fold}>
          <FoldIcon size={12} />
        </span>
      </button>
      <div id={body} hidden={!isOpen}>
        {isOpen && <Open schedule={schedule} now={now} onEdit={onEdit} />}
      </div>
    </li>
  );
}

function Trouble({ schedule: { status, failures, pausedReason } }: { schedule: Schedule }) {
  if (status === "paused") return pausedReason && <span className="sm dim">{pausedReason}</span>;
  return failures > 0 && <span className="sm t-fail">failed {failures === 1 ? "once" : `${failures} times`}</span>;
}

function Open({ schedule, now, onEdit }: Pick<RowProps, "schedule" | "now" | "onEdit">) {
  const { scheduleId: id, nextFires } = schedule;
  return (
    <div className={classes.open}>
      <Actions schedule={schedule} onEdit={onEdit} />
      {nextFires.length > 0 && (
        <section>
          <h3 className={classes.caption}>Next, by this browser’s clock</h3>
          <ul className={classes.nexts}>
            {nextFires.map((at) => (
              <li key={at} className="num" title={fullTime(at)}>
                {comingTime(at, now)}
              </li>
            ))}
          </ul>
        </section>
      )}
      <ScheduleHistory id={id} />
    </div>
  );
}

/** Pause or resume, run now, edit, delete. */
function Actions({ schedule: { scheduleId: id, status }, onEdit }: Pick<RowProps, "schedule" | "onEdit">) {
  const client = useQueryClient();
  const [isSure, setSure] = useState(false);
  const isPaused = status === "paused";
  const act = useMutation({
    mutationFn: (work: () => Promise<unknown>) => work(),
    onSettled: () => client.invalidateQueries({ queryKey: ["schedules"] }),
  });
  return (
    <>
      <div className={classes.actions}>
        <Button disabled={act.isPending} onClick={() => act.mutate(() => fireSchedule(id))}>
          <PlayIcon size={12} /> Run now
        </Button>
        <Button disabled={act.isPending} onClick={() => act.mutate(() => updateSchedule(id, { paused: !isPaused }))}>
          {isPaused ? "Resume" : "Pause"}
        </Button>
        <Button onClick={onEdit}>Edit</Button>
        <span className="grow" />
        <Button
          look="bad"
          disabled={act.isPending}
          onClick={() => (isSure ? act.mutate(() => deleteSchedule(id)) : setSure(true))}
          onBlur={() => setSure(false)}
        >
          {isSure ? "Delete it and its history" : "Delete"}
        </Button>
      </div>
      {act.error && (
        <p className="t-fail sm" role="alert">
          {act.error.message}
        </p>
      )}
    </>
  );
}
