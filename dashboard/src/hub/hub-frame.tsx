import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useSyncExternalStore } from "react";
import { Link } from "react-router";
import { apiUrl } from "../api/base.ts";
import { feedState } from "../api/feed-state.ts";
import { MarkIcon } from "../components/icons.tsx";
import { FeedWord } from "../components/shell/feed-word.tsx";
import { LoadingLine } from "../components/shell/loading-line.tsx";
import { SchemeButton } from "../components/shell/scheme-button.tsx";
import { useLayout } from "../lib/use-layout.ts";
import { machinesQuery, viewerQuery } from "./hub-api.ts";
import { stateOf } from "./machine-state.tsx";
import shell from "../components/shell/app-shell.module.css";
import foot from "../components/shell/status-line.module.css";
import bar from "../components/shell/top-bar.module.css";
import classes from "./hub-frame.module.css";

function Account() {
  const { data: viewer } = useQuery(viewerQuery);
  if (!viewer) return null;
  if (viewer.is_local) return <span className="dim3 sm">on this computer only</span>;
  return (
    <>
      <span className={`sm cut ${classes.login}`}>{viewer.login}</span>
      <a className={classes.out} href={apiUrl("/auth/logout")}>
        Sign out
      </a>
    </>
  );
}

/** The foot: how we hear of changes, and how many machines are there. On a phone the first line says it. */
function HubStatus({ className }: { className: string | undefined }) {
  const feed = useSyncExternalStore(feedState.subscribe, feedState.get);
  const { data: machines } = useQuery(machinesQuery);
  const connected = machines?.filter((machine) => stateOf(machine) !== "offline").length ?? 0;
  return (
    <footer className={className} aria-label="Hub">
      <FeedWord feed={feed} />
      {machines && (
        <span>
          machines{" "}
          <b>
            {connected} of {machines.length}
          </b>
        </span>
      )}
    </footer>
  );
}

/** Header, page, status line of the hub. */
export function HubFrame({ children }: { children: ReactNode }) {
  const { phone } = useLayout();
  return (
    <div className={shell.app}>
      <header className={phone ? bar.phone : bar.top}>
        <Link to="/dashboard" className={`${bar.brand} ${classes.brand}`}>
          <MarkIcon /> {!phone && "claude-orchestrator"} <span className={classes.hub}>hub</span>
        </Link>
        <span className="grow" />
        <Account />
        <SchemeButton />
      </header>
      <LoadingLine />
      {phone && <HubStatus className={`${foot.fleet} ${classes.phoneFoot}`} />}
      <div className={shell.body}>{children}</div>
      {!phone && <HubStatus className={foot.foot} />}
    </div>
  );
}
