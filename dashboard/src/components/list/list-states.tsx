import { useSearchParams } from "react-router";
import { formatSearch, filterOfParams, withFilter } from "../../lib/search-words.ts";
import { Button } from "../button.tsx";
import { AsksIcon, ClockIcon, DoneIcon, FailedIcon, RunningIcon } from "../icons.tsx";
import classes from "./session-list.module.css";

const ROWS = 6;

/** The first paint, in the true height of rows. */
export function ListSkeleton() {
  return (
    <div className={classes.rows} aria-label="Loading sessions" aria-busy="true" role="status">
      {Array.from({ length: ROWS }, (_, index) => (
        <div className={classes.skeleton} key={index}>
          <div className={classes.dot} />
          <div>
            <div className={classes.bone} style={{ width: `${82 - index * 7}%` }} />
            <div className={classes.bone} style={{ width: `${60 - index * 4}%` }} />
          </div>
        </div>
      ))}
    </div>
  );
}

export function ListEmpty() {
  return (
    <div className={classes.rows}>
      <p className={classes.note}>No sessions yet. They gather here by what they need from you:</p>
      <ul className={classes.legend}>
        <li>
          <AsksIcon className="t-need" />
          <b>Needs you</b>
          <span>an answer, a decision</span>
        </li>
        <li>
          <FailedIcon className="t-fail" />
          <b>Failed</b>
          <span>with the reason</span>
        </li>
        <li>
          <RunningIcon className="t-run" />
          <b>Running</b>
          <span>a process is alive</span>
        </li>
        <li>
          <ClockIcon className="t-wait" />
          <b>Waiting</b>
          <span>for a limit, a retry, a slot</span>
        </li>
        <li>
          <DoneIcon className="t-done" />
          <b>Done</b>
          <span>can be continued</span>
        </li>
      </ul>
      <p className={classes.note}>
        A filled centre means that a process is alive. Hollow means nothing runs and nothing is held.
      </p>
    </div>
  );
}

export function NothingFound() {
  const [params, setParams] = useSearchParams();
  return (
    <div className={classes.rows} role="status">
      <p className={classes.note}>No session matches “{formatSearch(filterOfParams(params))}”.</p>
      <Button
        size="small"
        className={classes.more}
        style={{ marginLeft: 14, paddingLeft: 8 }}
        onClick={() => setParams(withFilter(params, {}))}
      >
        Clear the search
      </Button>
    </div>
  );
}

export function ListError({ error }: { error: Error }) {
  return (
    <div className={classes.rows} role="alert">
      <p className={classes.note}>
        <span className="t-fail">The list could not be loaded.</span> {error.message} It is tried again every 3 s.
      </p>
    </div>
  );
}
