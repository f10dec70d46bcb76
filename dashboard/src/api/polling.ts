import { feedState } from "./feed-state.ts";

export const POLL_MS = 3_000;
const SAFETY_MS = 30_000;

/** Lists that the feed keeps fresh: polled only while it is down, and now and then in any case. */
export function pollWithoutFeed(): number {
  return feedState.get().kind === "live" ? SAFETY_MS : POLL_MS;
}
