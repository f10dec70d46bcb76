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

function Nothing({ error, isLoading }: { error: Error | null; isLoading: boolean }) {
  if (isLoading) return null;
  return (
    <p className={classes.nothing} role={error ? "alert" : undefined}>
      {error ? error.message : "No tool was called so far."}
    </p>
  );
}

/** Every tool call, newest first; the failed ones alone at a press. */
export function ToolsTab({ session }: { session: Session }) {
  const calls = useInfiniteQuery(logsQuery(session.sessionId));
  const [only, setOnly] = useState<"all" | "failed">("all");
  const logs = calls.data?.pages.flatMap((page) => page.items) ?? [];
  if (logs.length === 0) return <Nothing error={calls.error} isLoading={calls.isLoading} />;
  const failed = logs.filter(isFailure);
  const shown = only === "failed" ? failed : logs;
  const more = calls.hasNextPage ? "+" : "";
  return (
    <div className={classes.tools}>
      <div className={classes.head}>
        <Segments
          label="Which calls"
          value={only}
          onChange={setOnly}
          options={[
            ["all", `All ${count(logs.length)}${more}`],
            ["failed", `Failed ${count(failed.length)}`],
          ]}
        />
        <span className="right sm dim num">{duration(totalMs(logs))} in tools</span>
      </div>
      <div className={classes.list}>
        {shown.map((log) => (
          <ToolCall key={log.logId} log={log} workspacePath={session.workspacePath} />
        ))}
        {shown.length === 0 && <p className={classes.nothing}>None failed.</p>}
        {more && <OlderCalls list={calls} />}
      </div>
    </div>
  );
}

function OlderCalls({ list }: { list: { isFetchingNextPage: boolean; fetchNextPage: () => unknown } }) {
  return (
    <Button
      look="quiet"
      size="small"
      className={classes.more}
      disabled={list.isFetchingNextPage}
      onClick={() => void list.fetchNextPage()}
    >
      Older calls
    </Button>
  );
}
