import { memo } from "react";
import { Link } from "react-router";
import type { Session } from "../../../../src/contract/session.ts";
import { moment, money, repoName, shortAge, shortId, spokenAge } from "../../lib/format.ts";
import { reasonTitle } from "../../lib/run-words.ts";
import { useUnread } from "../../lib/seen.ts";
import { type SessionState, sessionState } from "../../lib/session-state.ts";
import { useNow } from "../../lib/use-now.ts";
import { SOURCES } from "../icons.tsx";
import { StateIcon } from "../state-icon.tsx";
import classes from "./session-row.module.css";

/** The line under the title: why it stands as it does, else the latest thing it did. */
function activityLine(session: Session, state: SessionState): string {
  if (state.why) return state.why;
  if (session.status === "failed") return session.activity ?? reasonTitle(session.lastReason);
  return session.activity ?? (session.status === "running" ? "Claude has started" : "");
}

function MetaLine({ session }: { session: Session }) {
  const { Icon, name } = SOURCES[session.source];
  return (
    <span className={classes.meta}>
      <span title={name}><Icon size={11} /></span>
      <span className="cut">{[repoName(session), shortId(session.sessionId)].filter(Boolean).join(" · ")}</span>
      <span className={classes.cost}>{money(session.costUsd)}</span>
    </span>
  );
}

function Age({ session, state }: { session: Session; state: SessionState }) {
  const now = useNow();
  const done = state.group === "done" || state.group === "archived";
  return (
    <span className={classes.age}>
      <span aria-hidden>{done ? moment(session.updatedAt, now) : shortAge(session.updatedAt, now)}</span>
      <span className="hidden-text">, {spokenAge(session.updatedAt, now)}. </span>
    </span>
  );
}

/** One session of the list: three lines where it needs attention or is live, two while it waits, one when it is done. */
export const SessionRow = memo(function SessionRow({ session, selected, to }: { session: Session; selected: boolean; to: string }) {
  const state = sessionState(session);
  const done = state.group === "done" || state.group === "archived";
  // A running session changes all the time; it is news when it asks, fails or ends.
  const unread = useUnread(session) && !selected && state.group !== "running";
  const line = activityLine(session, state);
  return (
    <Link
      to={to}
      className={classes.row}
      data-done={done || undefined}
      data-unread={unread || undefined}
      data-archived={state.group === "archived" || undefined}
      data-session={session.sessionId}
      aria-current={selected ? "page" : undefined}
    >
      <StateIcon state={state} />
      <span className={classes.title} title={session.title}><span className="hidden-text">{state.word}{unread && ", unread"}, </span>{session.title}</span>
      <Age session={session} state={state} />
      {!done && line && <span className={classes.activity} title={line}>{line}</span>}
      {(state.group === "needs" || state.group === "failed" || state.group === "running") && <MetaLine session={session} />}
    </Link>
  );
});
