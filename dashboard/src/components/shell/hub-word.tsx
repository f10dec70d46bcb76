import type { HubConnection } from "../../../../src/contract/system.ts";
import classes from "./status-line.module.css";

const WORDS: Record<HubConnection["state"], string> = {
  connecting: "connecting",
  pending: "to be claimed",
  connected: "connected",
  waiting: "not connected",
  away: "sent away",
};

/** How this machine stands with its hub; a code that waits to be compared there is shown. */
export function HubWord({ hub }: { hub: HubConnection }) {
  const { state, url, message, claimCode } = hub;
  const look = state === "connected" || state === "connecting" ? undefined : classes.need;
  return (
    <span className={look} title={message === null ? url : `${url}: ${message}`}>
      hub <b>{claimCode === null ? WORDS[state] : `${WORDS[state]}, code ${claimCode}`}</b>
    </span>
  );
}
