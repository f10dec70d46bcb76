import type { FeedState } from "../../api/feed-state.ts";
import { clock } from "../../lib/format.ts";
import { useNow } from "../../lib/use-now.ts";
import { OfflineIcon, QueuedIcon, RunningIcon } from "../icons.tsx";
import classes from "./status-line.module.css";

/** How changes are heard of, and since when not. */
export function FeedWord({ feed }: { feed: FeedState }) {
  const now = useNow();
  const ago = clock(now - feed.since);
  switch (feed.kind) {
    case "live":
      return (
        <span>
          <RunningIcon size={11} className="t-run" />
          <b>live</b>
        </span>
      );
    case "connecting":
      return (
        <span>
          <QueuedIcon size={11} className="t-wait" />
          connecting
        </span>
      );
    case "polling":
      return (
        <span className={classes.need}>
          <RunningIcon size={11} className="t-need" />
          polling every 3 s, feed lost {ago} ago
        </span>
      );
    case "gone":
      return (
        <span className={classes.fail}>
          <OfflineIcon size={11} className="t-fail" />
          server gone for {ago}, drafts are kept
        </span>
      );
  }
}
