import type { OrchestrationChange } from "../../../../src/contract/orchestration.ts";
import type { Conflict } from "../../api/orchestration.ts";
import { timeOfDay } from "../../lib/format.ts";
import { Button } from "../button.tsx";
import { AsksIcon } from "../icons.tsx";
import classes from "./notice.module.css";

const word = (desired: number | null): string => (desired === null ? "no limit" : String(desired));

interface NoticeProps {
  conflict: Conflict;
  /** Who changed it, as far as the history tells. */
  by: OrchestrationChange | undefined;
  onKeep: () => void;
  onSet: () => void;
}

/** Two wanted different things; the person decides. */
export function ConflictNotice({ conflict: { id, wanted, now }, by, onKeep, onSet }: NoticeProps) {
  return (
    <div className={classes.notice} role="alert">
      <AsksIcon size={14} className="t-need" />
      <p>
        <b className="mono">{id}</b> changed while you were editing: you set <b>{word(wanted)}</b>,{" "}
        {by?.actor ?? "somebody"} set <b>{now}</b>
        {by && ` at ${timeOfDay(by.at)}`}.
      </p>
      <Button look="filled" onClick={onKeep}>
        Keep {now}
      </Button>
      <Button onClick={onSet}>Set {word(wanted)}</Button>
    </div>
  );
}
