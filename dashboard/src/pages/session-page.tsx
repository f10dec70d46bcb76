import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { Link, useParams } from "react-router";
import type { Session } from "../../../src/contract/session.ts";
import { ApiError } from "../api/client.ts";
import { sessionQuery } from "../api/sessions.ts";
import { SessionAside } from "../components/aside/session-aside.tsx";
import { Conversation } from "../components/conversation/conversation.tsx";
import { SessionHeader } from "../components/session/session-header.tsx";
import { SessionPane } from "../components/session/session-pane.tsx";
import { SessionTabs } from "../components/session/session-tabs.tsx";
import { useSessionKeys } from "../components/session/use-session-keys.ts";
import { useSessionView } from "../components/session/use-session-view.ts";
import { SideDrawer } from "../components/side-drawer.tsx";
import { setPanes, usePanes } from "../lib/panes.ts";
import { markSeen } from "../lib/seen.ts";
import { useTitle } from "../lib/use-title.ts";
import classes from "./session-page.module.css";

function Problem({ error }: { error: Error }) {
  const gone = error instanceof ApiError && (error.status === 404 || error.status === 400);
  return (
    <main className={classes.problem}>
      <h1>{gone ? "There is no such session" : "The session could not be loaded"}</h1>
      <p className="dim" role="alert">
        {gone ? "It may have been removed, or the link is cut off." : `${error.message} It is tried again every 3 s.`}
      </p>
      <p>
        <Link to="/" className="t-run">
          Back to all sessions
        </Link>
      </p>
    </main>
  );
}

function Loading() {
  return (
    <main className={classes.session} aria-busy="true">
      <div className={classes.skeleton} role="status" aria-label="Loading session">
        <i />
        <i />
      </div>
    </main>
  );
}

function Loaded({ session }: { session: Session }) {
  const view = useSessionView();
  const panes = usePanes();
  useTitle(session.title);
  useSessionKeys(session, view);
  useEffect(() => {
    if (document.visibilityState === "visible") markSeen(session.sessionId, session.lastSeq);
  }, [session.sessionId, session.lastSeq]);
  if (view.single) {
    return (
      <main className={classes.session}>
        <SessionHeader session={session} view={view} />
        <SessionTabs session={session} view={view} />
        {view.tab === "talk" ? (
          <Conversation key={session.sessionId} session={session} />
        ) : (
          <SessionPane session={session} tab={view.tab} wide />
        )}
      </main>
    );
  }
  const aside = <SessionAside session={session} view={view} />;
  return (
    <>
      <main className={classes.session}>
        <SessionHeader session={session} view={view} />
        <Conversation key={session.sessionId} session={session} />
      </main>
      {view.asideBeside ? (
        !panes.asideShut && aside
      ) : (
        <SideDrawer
          side="right"
          title="Session details"
          opened={panes.asideDrawer}
          onClose={() => setPanes({ asideDrawer: false })}
        >
          {aside}
        </SideDrawer>
      )}
    </>
  );
}

/** One session: what was said and done, what changed, what it cost, and a box to go on. */
export function SessionPage() {
  const { id = "" } = useParams();
  const { data: session, error } = useQuery(sessionQuery(id));
  if (session) return <Loaded session={session} />;
  return error ? <Problem error={error} /> : <Loading />;
}
