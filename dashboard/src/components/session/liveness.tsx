import { useSyncExternalStore } from "react";
import type { Session } from "../../../../src/contract/session.ts";
import { feedState, pulse } from "../../api/feed-state.ts";
import { clock, shortAge } from "../../lib/format.ts";
import { reasonTitle } from "../../lib/run-words.ts";
import { sessionState } from "../../lib/session-state.ts";
import { useNow } from "../../lib/use-now.ts";
import { RingIcon, RunningIcon } from "../icons.tsx";

const QUIET_MS = 60_000;
/** A model may stall for six minutes without anything being wrong. */
const TOO_QUIET_MS = 7 * 60_000;

function runningWords(quietMs: number, short: boolean): { text: string; tone: string } {
  if (quietMs < QUIET_MS)
    return { text: `${short ? "alive" : "process alive"}, event ${clock(quietMs)} ago`, tone: "dim" };
  return { text: `quiet for ${clock(quietMs)}`, tone: quietMs > TOO_QUIET_MS ? "t-need" : "dim" };
}

function stillWords(session: Session, now: number): string {
  const { why } = sessionState(session);
  if (why) return why;
  const ago = `${shortAge(session.updatedAt, now)} ago`;
  if (session.status === "failed") return `${reasonTitle(session.lastReason) || "ended"}, ${ago}`;
  return session.status === "archived" ? `archived ${ago}` : `last event ${ago}, nothing runs`;
}

/** Whether a process is alive and when it was last heard of, in words: apart from the status. */
export function Liveness({ session, short = false }: { session: Session; short?: boolean }) {
  const now = useNow();
  const heard = useSyncExternalStore(feedState.subscribe, () => pulse.get(session.sessionId));
  if (session.status !== "running") {
    const text = stillWords(session, now);
    return (
      <span className="dim cut" title={text}>
        {!short && <RingIcon size={12} className="t-wait" />}
        {text}
      </span>
    );
  }
  const last = Math.max(heard ?? 0, Date.parse(session.updatedAt));
  const { text, tone } = runningWords(Math.max(0, now - last), short);
  return (
    <span className={`${tone} num`}>
      {!short && <RunningIcon size={12} className="t-run" />}
      {text}
    </span>
  );
}
