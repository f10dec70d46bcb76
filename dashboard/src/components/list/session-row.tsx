import { memo } from "react";
import { Link } from "react-router";
import type { Session } from "../../../../src/contract/session.ts";
import { moment, money, plainLine, repoName, shortAge, shortId, spokenAge } from "../../lib/format.ts";
import { setPanes } from "../../lib/panes.ts";
import { reasonTitle } from "../../lib/run-words.ts";
import { useUnread } from "../../lib/seen.ts";
import { type SessionState, sessionState } from "../../lib/session-state.ts";
import { useNow } from "../../lib/use-now.ts";
import { SOURCES } from "../icons.tsx";
import { StateIcon } from "../state-icon.tsx";
import classes from "./session-row.module.css";

const closeDrawer = () => setPanes({ listDrawer: false });

/** The line under the title: why it stands as it does, else the latest thing it did. */
function activityLine(session: Session, state: SessionState): string {
  if (state.why) return state.why;
  if (session.activity) return plainLine(session.activity);
  return session.status === "running" ? "Claude has started" : reasonTitle(session.lastReason);
}

function MetaLine({ session }: { session: Session }) {
  const { Icon, name } = SOURCES[session.source];
  return (
    <span className={classes.meta}>
      <span title={name}>
        <Icon size={11} />
      </span>
      <span className="cut">{[repoName(session), shortId(session.sessionId)].filter(Boolean).join(" · ")}</span>
      <span className={classes.cost}>{money(session.costUsd)}</span>
    </span>
  );
}

function Age({ session, state }: { session: Session; state: SessionState }) {
  const now = useNow();
  return (
    <span className={classes.age}>
      <span aria-hidden>{isOver(state) ? moment(session.updatedAt, now) : shortAge(session.updatedAt, now)}</span>
      <span className="hidden-text">, {spokenAge(session.updatedAt, now)}. </span>
    </span>
  );
}

const WITH_META = new Set<SessionState["group"]>(["needs", "failed", "running"]);
const isOver = ({ group }: SessionState): boolean => group === "done" || group === "archived";

interface RowProps {
  session: Session;
  selected: boolean;
  to: string;
}

function Title({ title, word, unread }: { title: string; word: string; unread: boolean }) {
  return (
    <span className={classes.title} title={title}>
      <span className="hidden-text">{unread ? `${word}, unread, ` : `${word}, `}</span>
      {title}
    </span>
  );
}

/** One session of the list: three lines where it needs attention or is live, two while it waits, one when it is done. */
export const SessionRow = memo(function SessionRow({ session, selected, to }: RowProps) {
  const state = sessionState(session);
  // A running session changes all the time; it is news when it asks, fails or ends.
  const isNews = useUnread(session) && !selected && state.group !== "running";
  const line = isOver(state) ? "" : activityLine(session, state);
  return (
    <Link
      to={to}
      className={classes.row}
      onClick={closeDrawer}
      data-group={state.group}
      data-unread={isNews || undefined}
      data-session={session.sessionId}
      aria-current={selected ? "page" : undefined}
    >
      <StateIcon state={state} />
      <Title title={session.title} word={state.word} unread={isNews} />
      <Age session={session} state={state} />
      {line && (
        <span className={classes.activity} title={line}>
          {line}
        </span>
      )}
      {WITH_META.has(state.group) && <MetaLine session={session} />}
    </Link>
  );
});
