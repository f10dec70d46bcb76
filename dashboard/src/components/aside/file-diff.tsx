import { useMemo, useState } from "react";
import { Decoration, Diff as DiffTable, Hunk, type HunkData, parseDiff } from "react-diff-view";
import type { Diff, DiffFile } from "../../../../src/contract/diff.ts";
import { filePatch, splitPath, unshown } from "../../lib/diff-files.ts";
import { count } from "../../lib/format.ts";
import { Button } from "../button.tsx";
import { CopyButton } from "../copy-button.tsx";
import classes from "./changes-tab.module.css";
import "./diff-lines.css";

const MOST_LINES = 2_000;

function Lines({ patch, split }: { patch: string; split: boolean }) {
  const [file] = useMemo(() => parseDiff(patch), [patch]);
  if (!file) return null;
  return (
    <DiffTable viewType={split ? "split" : "unified"} diffType={file.type} hunks={file.hunks}>
      {(hunks: HunkData[]) =>
        hunks.flatMap((hunk) => [
          <Decoration key={`d${hunk.content}`}>
            <span className={classes.hunk}>{hunk.content}</span>
          </Decoration>,
          <Hunk key={hunk.content} hunk={hunk} />,
        ])
      }
    </DiffTable>
  );
}

interface FileDiffProps {
  diff: Diff;
  file: DiffFile;
  place: string;
  split: boolean;
}

/** The changed lines of one file; very long ones only when asked for. */
export function FileDiff({ diff, file, place, split }: FileDiffProps) {
  const patch = useMemo(() => filePatch(diff.patch, file), [diff.patch, file]);
  const [anyway, setAnyway] = useState(false);
  const why = unshown(file, patch, diff);
  const lines = useMemo(() => patch.split("\n").length, [patch]);
  const { folder, name } = splitPath(file.path);
  return (
    <section className={classes.diff} aria-label={`Changes in ${file.path}`}>
      <div className={classes.head}>
        <span className={`mono ${classes.path}`}>
          <span className={classes.folder}>{folder}</span>
          <b className={classes.name}>{name}</b>
        </span>
        <span className="right sm dim num">{place}</span>
        <CopyButton text={file.path} label="Copy the path" />
      </div>
      <div className={classes.lines} tabIndex={0} role="region" aria-label={`Lines of ${name}`}>
        {why && <p className={classes.nothing}>{why}</p>}
        {!why && lines > MOST_LINES && !anyway && (
          <p className={classes.nothing}>
            {count(lines)} lines.{" "}
            <Button size="small" onClick={() => setAnyway(true)}>
              Show them
            </Button>
          </p>
        )}
        {!why && (lines <= MOST_LINES || anyway) && <Lines patch={patch} split={split} />}
      </div>
    </section>
  );
}
