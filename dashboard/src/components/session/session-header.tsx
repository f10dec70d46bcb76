import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { Link, useSearchParams } from "react-router";
import type { Session } from "../../../../src/contract/session.ts";
import { statusQuery } from "../../api/system.ts";
import { money, repoName } from "../../lib/format.ts";
import { setPanes } from "../../lib/panes.ts";
import { listPart } from "../../lib/search-words.ts";
import { type SessionState, sessionState } from "../../lib/session-state.ts";
import { Button } from "../button.tsx";
import { BackIcon, BranchIcon, MoreIcon, PanelIcon, SOURCES } from "../icons.tsx";
import { StateIcon } from "../state-icon.tsx";
import { Liveness } from "./liveness.tsx";
import { StopButton } from "./stop-button.tsx";
import type { SessionView } from "./use-session-view.ts";
import classes from "./session-header.module.css";

const SessionMenu = lazy(() => import("./session-menu.tsx").then((file) => ({ default: file.SessionMenu })));

/** The menu and what floats it come after the page itself. */
function Menu({ session }: { session: Session }) {
  return (
    <Suspense
      fallback={
        <Button look="quiet" square aria-label="More">
          <MoreIcon />
        </Button>
      }
    >
      <SessionMenu session={session} />
    </Suspense>
  );
}

function StateChip({ state }: { state: SessionState }) {
  return (
    <span className={classes.chip} data-tone={state.tone}>
      <StateIcon state={state} size={12} /> {state.word}
    </span>
  );
}

function Place({ session }: { session: Session }) {
  const branch = session.workBranch ?? session.branch;
  const text = [repoName(session), branch].filter(Boolean).join(" · ");
  if (!text) return null;
  return (
    <span className={classes.place}>
      <BranchIcon size={12} />
      <span className="mono cut" title={session.githubRepo ?? session.projectPath ?? ""}>
        {text}
      </span>
    </span>
  );
}

function Cost({ session }: { session: Session }) {
  const { maxBudgetUsd, model } = session.options;
  return (
    <span className={classes.cost}>
      {model && `${model} · `}
      <b>{money(session.costUsd)}</b>
      {maxBudgetUsd !== undefined && ` of ${money(maxBudgetUsd)}`}
    </span>
  );
}

function PhoneHeader({ session, state }: { session: Session; state: SessionState }) {
  const [params] = useSearchParams();
  return (
    <header className={classes.phone}>
      <Link to={`/${listPart(params)}`} className={classes.back} aria-label="Back to sessions">
        <BackIcon size={18} />
      </Link>
      <div className="grow">
        <h1 className="cut" title={session.title}>
          {session.title}
        </h1>
        <div className={classes.phoneLine}>
          <span className={classes.phoneState} data-tone={state.tone}>
            <StateIcon state={state} size={11} /> {state.word}
          </span>
          <span className="cut">
            <Liveness session={session} short />
          </span>
        </div>
      </div>
      <StopButton session={session} phone />
      <Menu session={session} />
    </header>
  );
}

/** What the session is, how it stands, where it works and what it costs, in two lines. */
export function SessionHeader({ session, view }: { session: Session; view: SessionView }) {
  const state = sessionState(session);
  const { data: system } = useQuery(statusQuery);
  if (view.phone) return <PhoneHeader session={session} state={state} />;
  const { Icon, name } = SOURCES[session.source];
  const untested = session.status === "running" && system?.claude.state === "untested";
  return (
    <header className={classes.header}>
      <div className={classes.first}>
        <h1 className="cut" title={session.title}>
          {session.title}
        </h1>
        <StateChip state={state} />
        {session.observed && (
          <span className={classes.chip} title="Claude was started by a person; we only hear its hooks.">
            Observed
          </span>
        )}
        <span className="grow" />
        <StopButton session={session} />
        <Menu session={session} />
        {!view.single && !view.asideBeside && (
          <Button
            look="quiet"
            square
            aria-label="Show the details"
            title="Details ( ] )"
            onClick={() => setPanes({ asideDrawer: true })}
          >
            <PanelIcon />
          </Button>
        )}
      </div>
      <div className={classes.second}>
        <Liveness session={session} />
        <Place session={session} />
        <span className={classes.source}>
          <Icon size={12} />
          {session.slackChannel ?? name}
        </span>
        {untested && <span className="t-need">CLI untested</span>}
        {session.tags.length > 0 && (
          <span className={classes.tags}>
            {session.tags.map((tag) => (
              <span key={tag} className={classes.tag}>
                {tag}
              </span>
            ))}
          </span>
        )}
        <Cost session={session} />
      </div>
    </header>
  );
}
