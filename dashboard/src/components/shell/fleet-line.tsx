import { useQuery } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { feedState } from "../../api/feed-state.ts";
import { statusQuery } from "../../api/system.ts";
import { money } from "../../lib/format.ts";
import { OfflineIcon, RunningIcon } from "../icons.tsx";
import classes from "./status-line.module.css";

/** The status line of a phone: slots and money, and whether the server is there. */
export function FleetLine() {
  const { data } = useQuery(statusQuery);
  const { kind } = useSyncExternalStore(feedState.subscribe, feedState.get);
  return (
    <div className={classes.fleet} role="status">
      {kind === "gone" ? (
        <OfflineIcon className="t-fail" />
      ) : (
        <RunningIcon className={kind === "polling" ? "t-need" : "t-run"} />
      )}
      {kind === "gone" && <span className="t-fail">server gone</span>}
      {kind !== "gone" && data && (
        <>
          <span>
            {data.slots.busy} of {data.slots.total} slots
          </span>
          <span className="dim3">·</span>
          <span>{money(data.costTodayUsd)} today</span>
          {data.waiting + data.queued > 0 && <span className="right">{data.waiting + data.queued} waiting</span>}
        </>
      )}
    </div>
  );
}
