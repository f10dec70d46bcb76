import { useState } from "react";
import type { CommandLog } from "../../../../src/contract/command-log.ts";
import { clock, duration, fullTime } from "../../lib/format.ts";
import { callSummary, inputParts } from "../../lib/tool-words.ts";
import { useNow } from "../../lib/use-now.ts";
import { CopyButton } from "../copy-button.tsx";
import { CancelledIcon, DoneIcon, FailedIcon, FoldIcon, RunningIcon } from "../icons.tsx";
import { ToolOutput } from "./tool-output.tsx";
import classes from "./tool-group.module.css";

const ICONS = { running: RunningIcon, succeeded: DoneIcon, failed: FailedIcon, denied: CancelledIcon } as const;
const TONES = { running: "t-run", succeeded: "t-done", failed: "t-fail", denied: "t-fail" } as const;
const WORDS = { running: "running", succeeded: "done", failed: "failed", denied: "not allowed" } as const;

function LiveClock({ from }: { from: string }) {
  return <>{clock(useNow() - Date.parse(from))}</>;
}

/** How long it took, and how it ended where that is not plain success. */
function Took({ log }: { log: CommandLog }) {
  if (log.status === "running")
    return (
      <span className={classes.took}>
        <LiveClock from={log.timestamp} />
      </span>
    );
  const exit = log.status === "failed" ? (/^(?:Error: )?Exit code (\d+)/u.exec(log.result ?? "")?.[1] ?? "") : "";
  const words = [
    log.status === "denied" && "not allowed",
    exit && `exit ${exit}`,
    log.durationMs !== null && duration(log.durationMs),
  ];
  return <span className={classes.took}>{words.filter(Boolean).join(" · ")}</span>;
}

function Detail({ log }: { log: CommandLog }) {
  const parts = inputParts(log);
  const code = parts.find((part) => part.kind === "code")?.text;
  return (
    <div className={classes.detail}>
      <div className={classes.caption}>
        Input <span className="num">{fullTime(log.timestamp)}</span>
        <span className="right">{code && <CopyButton text={code} label="Copy the input" />}</span>
      </div>
      {parts.map(
        (part) =>
          part.text && (
            <pre key={part.kind + part.text.slice(0, 40)} className={classes.block} data-kind={part.kind} tabIndex={0}>
              {part.text}
            </pre>
          ),
      )}
      {log.result !== null && log.result !== "" && <ToolOutput text={log.result} failed={log.status === "failed"} />}
      {log.result === "" && <p className="sm dim3">No output.</p>}
    </div>
  );
}

const TAIL_LINES = 2;

/** What the call that is on was asked, as far as its one line does not say it. */
function LiveTail({ log }: { log: CommandLog }) {
  const [first, note] = inputParts(log);
  const more = first?.kind === "code" ? first.text.split("\n").slice(1, 1 + TAIL_LINES) : [];
  const text = note?.kind === "note" ? [note.text, ...more].join("\n") : more.join("\n");
  return text ? <pre className={classes.tail}>{text}</pre> : null;
}

/** One tool call: what it did in a line, with input and result underneath when opened. The one that is on shows its input. */
export function ToolCall({
  log,
  workspacePath,
  inside = false,
}: {
  log: CommandLog;
  workspacePath: string | null;
  inside?: boolean;
}) {
  const live = log.status === "running";
  const [open, setOpen] = useState(false);
  const Icon = ICONS[log.status];
  return (
    <div data-log={log.logId}>
      <button
        type="button"
        className={classes.line}
        data-inside={inside || undefined}
        data-live={live || undefined}
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        <FoldIcon size={12} className={classes.fold ?? ""} />
        <Icon size={12} className={TONES[log.status]} />
        <span className="hidden-text">{WORDS[log.status]}, </span>
        <b>{log.tool}</b>
        <code className="cut">{callSummary(log, workspacePath)}</code>
        {log.agentId !== null && <span className="dim3 cut">subagent</span>}
        <Took log={log} />
      </button>
      {live && !open && <LiveTail log={log} />}
      {open && <Detail log={log} />}
    </div>
  );
}
