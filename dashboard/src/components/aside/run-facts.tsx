import type { ReactNode } from "react";
import type { Run } from "../../../../src/contract/run.ts";
import { clock, duration, fullTime, money, plural, timeOfDay, tokens } from "../../lib/format.ts";
import { runWord } from "../../lib/run-words.ts";
import { waitText } from "../../lib/session-state.ts";
import { useNow } from "../../lib/use-now.ts";
import { RUN_STATES, StateIcon } from "../state-icon.tsx";
import classes from "./facts-tab.module.css";

function Row({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd className="num">{children}</dd>
    </>
  );
}

function Going({ from }: { from: string }) {
  return <>{clock(useNow() - Date.parse(from))}</>;
}

function Times({ run }: { run: Run }) {
  const parts = [
    run.apiDurationMs !== null && `model ${duration(run.apiDurationMs)}`,
    run.firstTokenMs !== null && `first word after ${duration(run.firstTokenMs)}`,
  ].filter(Boolean);
  const waited = run.startedAt ? Date.parse(run.startedAt) - Date.parse(run.queuedAt) : 0;
  return (
    <>
      <Row name="Queued">
        {fullTime(run.queuedAt)}
        {waited > 1_000 && `, waited ${duration(waited)}`}
      </Row>
      {run.startedAt && (
        <Row name="Took">
          {run.durationMs === null ? <Going from={run.startedAt} /> : duration(run.durationMs)}
          {parts.length > 0 && `, ${parts.join(", ")}`}
        </Row>
      )}
    </>
  );
}

function UsageRow({ run: { usage } }: { run: Run }) {
  if (!usage) return null;
  const { inputTokens, outputTokens, cacheReadInputTokens, cacheCreationInputTokens } = usage;
  return (
    <Row name="Tokens">
      {tokens(inputTokens)} in, {tokens(outputTokens)} out, cache {tokens(cacheReadInputTokens)} read,{" "}
      {tokens(cacheCreationInputTokens)} written
    </Row>
  );
}

function Attempts({ attempts }: { attempts: Run["attempts"] }) {
  if (attempts.length < 2 && attempts[0]?.reason !== "interrupted") return null;
  return (
    <Row name="Attempts">
      <ol className={classes.attempts}>
        {attempts.map((attempt) => (
          <li key={attempt.attempt}>
            {attempt.attempt}: {timeOfDay(attempt.startedAt)}, {attempt.reason?.replaceAll("_", " ") ?? "going on"}
            {attempt.exitCode !== null && `, exit ${attempt.exitCode}`}
            {attempt.pid !== null && <span className="dim3"> pid {attempt.pid}</span>}
          </li>
        ))}
      </ol>
    </Row>
  );
}

/** Which model and which CLI did it. */
function Machine({ run }: { run: Run }) {
  return (
    <>
      {run.model && <Row name="Model">{run.model}</Row>}
      {run.claudeVersion && (
        <Row name="CLI">
          {run.claudeVersion} {run.untestedVersion && <span className={classes.untested}>untested</span>}
        </Row>
      )}
    </>
  );
}

/** Why it waits, why it failed, what was refused. */
function Troubles({ run }: { run: Run }) {
  return (
    <>
      {run.waitingFor && <Row name="Waits for">{waitText(run.waitingFor)}</Row>}
      {run.error && (
        <Row name="Error">
          <span className="t-fail">{run.error}</span>
        </Row>
      )}
      {run.denials.length > 0 && (
        <Row name="Denied">
          <span className="t-need">{plural(run.denials.length, "call")}</span>{" "}
          {[...new Set(run.denials.map((denial) => denial.tool))].join(", ")}
        </Row>
      )}
    </>
  );
}

/** An answer may have a million letters, and an aside is narrow. */
const MAX_OUTPUT = 20_000;

function shownOutput(value: Run["structuredOutput"]): string {
  const text = JSON.stringify(value, null, 2);
  return text.length <= MAX_OUTPUT ? text : `${text.slice(0, MAX_OUTPUT)}…`;
}

/** One run: how it ended and why, what it took and cost, with which model and CLI. */
export function RunFacts({ run, open }: { run: Run; open: boolean }) {
  const sums = [run.durationMs !== null && duration(run.durationMs), run.costUsd !== null && money(run.costUsd)];
  return (
    <details className={classes.run} open={open}>
      <summary>
        <StateIcon state={RUN_STATES[run.status]} />
        <b>Run {run.number}</b>
        <span className="dim cut">{runWord(run)}</span>
        <span className={classes.runCost}>{sums.filter(Boolean).join(" · ")}</span>
      </summary>
      <dl className={classes.list}>
        <Troubles run={run} />
        <Times run={run} />
        {run.turns !== null && <Row name="Turns">{plural(run.turns, "turn")}</Row>}
        <UsageRow run={run} />
        <Machine run={run} />
        <Attempts attempts={run.attempts} />
        <Row name="Run id">
          <code className={classes.typed}>{run.runId}</code>
        </Row>
      </dl>
      {run.structuredOutput !== null && (
        <pre className={classes.stderr} tabIndex={0} aria-label="Answer in the wanted form">
          {shownOutput(run.structuredOutput)}
        </pre>
      )}
      {run.stderrTail && (
        <pre className={classes.stderr} tabIndex={0} aria-label="Last lines of standard error">
          {run.stderrTail}
        </pre>
      )}
    </details>
  );
}
