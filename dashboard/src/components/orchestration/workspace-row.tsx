import type {
  OrchestrationChange,
  OrchestrationReason,
  OrchestrationRow,
} from "../../../../src/contract/orchestration.ts";
import { HISTORY_HOURS } from "../../api/orchestration.ts";
import { historyPath } from "../../lib/history-path.ts";
import { Button } from "../button.tsx";
import {
  ClockIcon,
  DoneIcon,
  type MarkIcon,
  PauseIcon,
  PlayIcon,
  PlusIcon,
  RetryIcon,
  RingIcon,
  RunningIcon,
} from "../icons.tsx";
import { Pips } from "./pips.tsx";
import { Stepper } from "./stepper.tsx";
import classes from "./workspace-row.module.css";

const LINE = { width: 150, height: 26 };

const WORDS: Record<OrchestrationReason, readonly [word: string, icon: typeof MarkIcon, tone: string]> = {
  as_desired: ["As desired", DoneIcon, "done"],
  no_limit: ["No limit", RingIcon, "wait"],
  draining: ["Draining", RunningIcon, "run"],
  paused: ["Paused", PauseIcon, "wait"],
  no_work: ["No work", RingIcon, "wait"],
  starting: ["Starting", RunningIcon, "run"],
  slot: ["Slots", ClockIcon, "wait"],
  workspace: ["Folder in use", ClockIcon, "wait"],
  retry: ["Retrying", ClockIcon, "wait"],
  limit: ["Usage limit", ClockIcon, "wait"],
  person: ["Needs a person", ClockIcon, "need"],
  memory: ["Memory", ClockIcon, "wait"],
  budget: ["Budget", ClockIcon, "wait"],
  disk: ["Disk", ClockIcon, "wait"],
  desired: ["Desired", ClockIcon, "wait"],
};

/** A word for people. */
export const reasonWord = (reason: OrchestrationReason): string => WORDS[reason][0];

interface RowProps {
  row: OrchestrationRow;
  /** Of this workspace, oldest first. */
  changes: readonly OrchestrationChange[];
  now: number;
  most: number;
  /** What the person asked for that is not answered yet. */
  wish: number | null | undefined;
  isChosen: boolean;
  onDesired: (desired: number | null) => void;
  onPaused: (paused: boolean) => void;
  onTemplate: () => void;
}

export function WorkspaceRow({ row, changes, now, most, wish, isChosen, onDesired, onPaused, onTemplate }: RowProps) {
  const { workspace_id: id, running, desired, limited, paused, queued, reason, text } = row;
  const [word, Icon, tone] = WORDS[reason];
  const value = wish === undefined ? (limited ? desired : null) : wish;
  return (
    <li className={classes.row} data-paused={paused || undefined} aria-current={isChosen || undefined}>
      <div className={classes.name}>
        <b title={id}>{id}</b>
        <TemplateButton row={row} onClick={onTemplate} />
      </div>
      <span className={classes.counts}>
        <span className={classes.both}>
          <b>{running}</b>
          <i>/</i>
          {limited ? desired : <span title="no limit">any</span>}
        </span>
        <Pips running={running} desired={limited ? desired : running} />
      </span>
      <Stepper label={id} value={value} most={most} onChange={onDesired} />
      <HistoryLine row={row} changes={changes} now={now} />
      <span className={classes.queued}>
        {queued}
        <span className={classes.onPhone}> queued</span>
      </span>
      <span className={classes.why}>
        <Icon size={14} className={`t-${tone}`} />
        <b>{word}</b>
        <span className="sm dim" title={text}>
          {text}
        </span>
      </span>
      <Button
        look="quiet"
        square
        className={classes.pause}
        aria-label={`${paused ? "Resume" : "Pause"} ${id}`}
        title={paused ? "Resume" : "Pause"}
        onClick={() => onPaused(!paused)}
      >
        {paused ? <PlayIcon size={12} /> : <PauseIcon size={12} />}
      </Button>
    </li>
  );
}

/** Says which template keeps the workspace filled, and leads to changing that. */
function TemplateButton({
  row: { workspace_id: id, template },
  onClick,
}: {
  row: OrchestrationRow;
  onClick: () => void;
}) {
  return (
    <button
      type="button"
      className={classes.template}
      aria-label={template === null ? `Attach a template to ${id}` : `Standing template of ${id}: ${template}`}
      title={template ?? undefined}
      onClick={onClick}
    >
      {template === null ? <PlusIcon size={10} /> : <RetryIcon size={11} />}
      <span className="cut">{template ?? "Template"}</span>
    </button>
  );
}

/** What the columns are, where there are columns. */
export const RowHeads = () => (
  <div className={`${classes.row} ${classes.heads}`} aria-hidden="true">
    <span className={classes.headName}>Workspace</span>
    <span className={classes.counts}>Running / desired</span>
    <span>Desired</span>
    <span className={classes.line}>Last {HISTORY_HOURS} h</span>
    <span className={classes.queued}>Queued</span>
    <span className={classes.headWhy}>State and reason</span>
  </div>
);

function HistoryLine({ row, changes, now }: Pick<RowProps, "row" | "changes" | "now">) {
  const { running, desired } = row;
  const most = Math.max(running, desired, ...changes.flatMap((change) => [change.running, change.desired]));
  const frame = { now, hours: HISTORY_HOURS, most, ...LINE };
  return (
    <svg
      className={classes.line}
      {...LINE}
      viewBox={`0 0 ${LINE.width} ${LINE.height}`}
      role="img"
      aria-label={`Last ${HISTORY_HOURS} hours: ${changes.length} changes, at most ${most}`}
    >
      <path d={historyPath(changes, "desired", desired, frame)} className={classes.dotted} />
      <path d={historyPath(changes, "running", running, frame)} />
    </svg>
  );
}
