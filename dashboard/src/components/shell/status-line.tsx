import { useQuery } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import type { SystemStatus } from "../../../../src/contract/system.ts";
import { feedState } from "../../api/feed-state.ts";
import { statusQuery } from "../../api/system.ts";
import { count, money } from "../../lib/format.ts";
import { FeedWord } from "./feed-word.tsx";
import { HubWord } from "./hub-word.tsx";
import classes from "./status-line.module.css";

function ClaudeWord({ claude }: { claude: SystemStatus["claude"] }) {
  const bad = claude.state === "missing" || claude.state === "unsupported";
  return (
    <span
      className={bad ? classes.fail : claude.state === "untested" ? classes.need : undefined}
      title={claude.command ?? undefined}
    >
      {claude.version ? `CLI ${claude.version} ${claude.state}` : "CLI missing"}
    </span>
  );
}

/** The foot of the console: how we hear of things, what is busy, what it costs, what we run. */
export function StatusLine({ onHelp }: { onHelp: () => void }) {
  const { data } = useQuery(statusQuery);
  const feed = useSyncExternalStore(feedState.subscribe, feedState.get);
  return (
    <footer className={classes.foot} aria-label="Fleet">
      <FeedWord feed={feed} />
      {data && (
        <>
          <span>
            slots{" "}
            <b>
              {data.slots.busy} of {data.slots.total}
            </b>
          </span>
          {data.queued > 0 && (
            <span>
              <b>{data.queued}</b> queued
            </span>
          )}
          {data.waiting > 0 && (
            <span>
              <b>{data.waiting}</b> waiting
            </span>
          )}
          <span>
            today <b>{money(data.costTodayUsd)}</b>
          </span>
          {data.hub && <HubWord hub={data.hub} />}
          <span className={classes.optional}>
            hooks <b>{count(data.hooksReceived)}</b>
          </span>
        </>
      )}
      <span className={classes.last}>{data && <ClaudeWord claude={data.claude} />}</span>
      <button type="button" className={classes.keys} onClick={onHelp}>
        <kbd>?</kbd> keys
      </button>
    </footer>
  );
}
