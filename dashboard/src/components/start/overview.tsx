import { Link, useSearchParams } from "react-router";
import { plainLine } from "../../lib/format.ts";
import { listPart } from "../../lib/search-words.ts";
import { sessionState } from "../../lib/session-state.ts";
import type { SessionGroup } from "../list/use-session-lists.ts";
import { StateIcon } from "../state-icon.tsx";
import classes from "./overview.module.css";

const FIRST = 4;
const WORTH: readonly SessionGroup["id"][] = ["needs", "failed", "running"];

function lead(groups: SessionGroup[]): string {
  const count = (id: SessionGroup["id"]) => groups.find((group) => group.id === id)?.sessions.length ?? 0;
  const parts = [
    count("needs") > 0 && `${count("needs")} ${count("needs") === 1 ? "needs" : "need"} you`,
    count("failed") > 0 && `${count("failed")} failed`,
    count("running") > 0 && `${count("running")} running`,
    count("waiting") > 0 && `${count("waiting")} waiting`,
  ].filter(Boolean);
  return parts.length > 0 ? parts.join(", ") : "Nothing runs, nothing waits, nothing failed.";
}

/** Nothing chosen: what is worth opening first. */
export function Overview({ groups }: { groups: SessionGroup[] }) {
  const [params] = useSearchParams();
  const worth = groups.filter((group) => WORTH.includes(group.id)).flatMap((group) => group.sessions.slice(0, FIRST));
  return (
    <main className={classes.overview}>
      <div className={classes.in}>
        <h1>Sessions</h1>
        <p className="dim">{lead(groups)}</p>
        {worth.length > 0 && (
          <ul className={classes.list} aria-label="Worth opening first">
            {worth.map((session) => {
              const state = sessionState(session);
              return (
                <li key={session.sessionId}>
                  <Link to={`/sessions/${session.sessionId}${listPart(params)}`}>
                    <StateIcon state={state} />
                    <b>{session.title}</b>
                    <span className="cut dim">{state.why || plainLine(session.activity ?? "")}</span>
                    <span className="right sm dim3">{state.word}</span>
                  </Link>
                </li>
              );
            })}
          </ul>
        )}
        <p className={classes.keys}>
          <kbd>J</kbd> <kbd>K</kbd> next and previous, <kbd>N</kbd> new session, <kbd>?</kbd> all keys
        </p>
      </div>
    </main>
  );
}
