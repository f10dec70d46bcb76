import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Session } from "../../../../src/contract/session.ts";
import { logsQuery } from "../../api/logs.ts";
import { count, duration } from "../../lib/format.ts";
import { isFailure, totalMs } from "../../lib/tool-words.ts";
import { Button } from "../button.tsx";
import { ToolCall } from "../conversation/tool-call.tsx";
import { Segments } from "../segments.tsx";
import classes from "./tools-tab.module.css";

/** Every tool call, newest first; the failed ones alone at a press. */
export function ToolsTab({ session }: { session: Session }) {
  const { data, error, hasNextPage, fetchNextPage, isFetchingNextPage, isLoading } = useInfiniteQuery(logsQuery(session.sessionId));
  const [only, setOnly] = useState<"all" | "failed">("all");
  const logs = data?.pages.flatMap((page) => page.items) ?? [];
  const failed = logs.filter(isFailure);
  const shown = only === "failed" ? failed : logs;
  if (error && logs.length === 0) return <p className={classes.nothing} role="alert">{error.message}</p>;
  if (logs.length === 0) return isLoading ? null : <p className={classes.nothing}>No tool was called so far.</p>;
  return (
    <div className={classes.tools}>
      <div className={classes.head}>
        <Segments label="Which calls" value={only} onChange={setOnly} options={[["all", `All ${count(logs.length)}${hasNextPage ? "+" : ""}`], ["failed", `Failed ${count(failed.length)}`]]} />
        <span className="right sm dim num">{duration(totalMs(logs))} in tools</span>
      </div>
      <div className={classes.list}>
        {shown.map((log) => <ToolCall key={log.logId} log={log} workspacePath={session.workspacePath} />)}
        {shown.length === 0 && <p className={classes.nothing}>None failed.</p>}
        {hasNextPage && <Button look="quiet" size="small" className={classes.more} disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>Older calls</Button>}
      </div>
    </div>
  );
}
