import { useInfiniteQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { Session } from "../../../../src/contract/session.ts";
import { runsQuery } from "../../api/runs.ts";
import { duration, fullTime, money, plural } from "../../lib/format.ts";
import { sessionState } from "../../lib/session-state.ts";
import { Button } from "../button.tsx";
import { CopyButton } from "../copy-button.tsx";
import { SOURCES } from "../icons.tsx";
import { ShellLine } from "../shell-line.tsx";
import { DeliveryTrouble } from "./delivery-trouble.tsx";
import { RunFacts } from "./run-facts.tsx";
import { ThreadList } from "./thread-list.tsx";
import classes from "./facts-tab.module.css";

function Fact({ name, children, copy }: { name: string; children: ReactNode; copy?: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>
        {children}
        {copy !== undefined && <CopyButton text={copy} label={`Copy: ${name}`} />}
      </dd>
    </>
  );
}

/** A path, an id, a branch: as typed, whole, with a button to take it along. */
function Typed({ name, text }: { name: string; text: string | null }) {
  return text === null ? null : (
    <Fact name={name} copy={text}>
      <code className={classes.typed}>{text}</code>
    </Fact>
  );
}

function Options({ options }: { options: Session["options"] }) {
  return (
    <>
      {options.model && <Fact name="Model">{options.model}</Fact>}
      {options.permissionMode && (
        <Fact name="Permissions">
          <code>{options.permissionMode}</code>
        </Fact>
      )}
      {options.allowedTools && options.allowedTools.length > 0 && (
        <Fact name="Allowed">
          <span className={classes.rules}>
            {options.allowedTools.map((rule) => (
              <code key={rule}>{rule}</code>
            ))}
          </span>
        </Fact>
      )}
      {options.disallowedTools && options.disallowedTools.length > 0 && (
        <Fact name="Refused">
          <span className={classes.rules}>
            {options.disallowedTools.map((rule) => (
              <code key={rule}>{rule}</code>
            ))}
          </span>
        </Fact>
      )}
      {options.maxBudgetUsd !== undefined && <Fact name="Budget">{money(options.maxBudgetUsd)} a run</Fact>}
      {options.maxTurns !== undefined && <Fact name="Turns">{plural(options.maxTurns, "turn")} a run at most</Fact>}
      {options.timeoutSeconds !== undefined && (
        <Fact name="Timeout">{duration(options.timeoutSeconds * 1_000)} a run</Fact>
      )}
    </>
  );
}

function Resume({ command }: { command: string | null }) {
  return (
    <section className={classes.part}>
      <h2>Go on in a terminal</h2>
      {command ? (
        <div className={classes.command}>
          <ShellLine text={command} />
          <CopyButton text={command} label="Copy the resume command" />
        </div>
      ) : (
        <p className="dim sm">The command appears here once Claude has started.</p>
      )}
    </section>
  );
}

/** What is known of a session and each of its runs. */
export function FactsTab({ session }: { session: Session }) {
  const { data, error, hasNextPage, fetchNextPage } = useInfiniteQuery(runsQuery(session.sessionId));
  const runs = data?.pages.flatMap((page) => page.items) ?? [];
  const state = sessionState(session);
  return (
    <div className={classes.facts} tabIndex={0} role="region" aria-label="Facts">
      <DeliveryTrouble sessionId={session.sessionId} />
      <Resume command={session.resumeCommand} />
      <section className={classes.part}>
        <h2>Session</h2>
        <dl className={classes.list}>
          <Fact name="Status">{[state.word, state.why].filter(Boolean).join(", ")}</Fact>
          <Fact name="Cost">
            <span className="num">
              {money(session.costUsd)} in {plural(session.runCount, "run")}
            </span>
          </Fact>
          <Fact name="Began">
            <span className="num">
              {fullTime(session.createdAt)}, by {SOURCES[session.source].name}
            </span>
          </Fact>
          <Typed
            name={session.projectType === "github" ? "Repository" : "Project"}
            text={session.githubRepo ?? session.projectPath}
          />
          <Typed name="Workspace" text={session.workspacePath} />
          <Typed name="Branch" text={session.workBranch ?? session.branch} />
          <Typed name="Session id" text={session.sessionId} />
          <Typed name="Claude’s id" text={session.claudeSessionId} />
          {session.tags.length > 0 && <Fact name="Tags">{session.tags.join(", ")}</Fact>}
          <Options options={session.options} />
        </dl>
      </section>
      <ThreadList sessionId={session.sessionId} />
      {error && runs.length === 0 && (
        <p className={classes.part} role="alert">
          {error.message}
        </p>
      )}
      {runs.map((run) => (
        <RunFacts key={run.runId} run={run} open={run === runs[0]} />
      ))}
      {hasNextPage && (
        <Button look="quiet" size="small" className={classes.more} onClick={() => void fetchNextPage()}>
          Older runs
        </Button>
      )}
    </div>
  );
}
