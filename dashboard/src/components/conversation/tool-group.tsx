import { useState } from "react";
import type { CommandLog } from "../../../../src/contract/command-log.ts";
import { duration, plural } from "../../lib/format.ts";
import { isFailure, toolCounts, totalMs } from "../../lib/tool-words.ts";
import { DoneIcon, FailedIcon, FoldIcon } from "../icons.tsx";
import { ToolCall } from "./tool-call.tsx";
import classes from "./tool-group.module.css";

function FoldedLine({ logs, open, onToggle }: { logs: readonly CommandLog[]; open: boolean; onToggle: () => void }) {
  const failed = logs.filter((log) => log.status === "failed").length;
  const denied = logs.filter((log) => log.status === "denied").length;
  const wentOn = !isFailure(logs.at(-1) ?? { status: "succeeded" });
  return (
    <button type="button" className={classes.line} aria-expanded={open} onClick={onToggle}>
      <FoldIcon size={12} className={classes.fold ?? ""} />
      {failed + denied > 0 ? <FailedIcon size={12} className="t-fail" /> : <DoneIcon size={12} className="t-done" />}
      <b>{plural(logs.length, "tool call")}</b>
      <span className="cut">
        {toolCounts(logs)}
        {failed > 0 && (
          <>
            , <span className="t-fail">{failed} failed</span>
          </>
        )}
        {denied > 0 && (
          <>
            , <span className="t-fail">{denied} not allowed</span>
          </>
        )}
        {failed + denied > 0 && wentOn && " and went on"}
      </span>
      <span className={classes.took}>{duration(totalMs(logs))}</span>
    </button>
  );
}

/** Successive tool calls as one line. Failed ones and the one that is on stay in sight. */
export function ToolGroup({ logs, workspacePath }: { logs: readonly CommandLog[]; workspacePath: string | null }) {
  const [open, setOpen] = useState(false);
  const ended = logs.filter((log) => log.status !== "running");
  const live = logs.filter((log) => log.status === "running");
  const folds = ended.length > 1;
  const shown = !folds || open ? ended : ended.filter(isFailure);
  return (
    <div className={classes.group} role="group" aria-label={plural(logs.length, "tool call")}>
      {folds && <FoldedLine logs={ended} open={open} onToggle={() => setOpen(!open)} />}
      {shown.map((log) => (
        <ToolCall key={log.logId} log={log} workspacePath={workspacePath} inside={folds} />
      ))}
      {live.map((log) => (
        <ToolCall key={log.logId} log={log} workspacePath={workspacePath} />
      ))}
    </div>
  );
}
