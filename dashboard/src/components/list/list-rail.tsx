import { Link, useMatch, useSearchParams } from "react-router";
import { sessionState } from "../../lib/session-state.ts";
import { StateIcon } from "../state-icon.tsx";
import { useSessionLists } from "./use-session-lists.ts";
import classes from "./list-rail.module.css";

const MOST = 30;

/** The list as a strip of state icons, beside a page that takes the full width. */
export function ListRail() {
  const { groups } = useSessionLists();
  const [params] = useSearchParams();
  const selected = useMatch("/sessions/:id")?.params.id;
  return (
    <nav className={classes.rail} aria-label="Sessions">
      {groups
        .filter((group) => group.id !== "done" && group.id !== "archived")
        .map((group) => (
          <section key={group.id} aria-label={group.title} className={classes.group}>
            {group.sessions.slice(0, MOST).map((session) => (
              <Link
                key={session.sessionId}
                to={`/sessions/${session.sessionId}?${params}`}
                className={classes.item}
                title={session.title}
                aria-label={`${sessionState(session).word}, ${session.title}`}
                aria-current={session.sessionId === selected ? "page" : undefined}
              >
                <StateIcon state={sessionState(session)} />
              </Link>
            ))}
          </section>
        ))}
    </nav>
  );
}
