import { useElementSize } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useSearchParams } from "react-router";
import type { Diff } from "../../../../src/contract/diff.ts";
import type { Session } from "../../../../src/contract/session.ts";
import { diffQuery } from "../../api/diff.ts";
import { count, plural } from "../../lib/format.ts";
import { CopyButton } from "../copy-button.tsx";
import { FileDiff } from "./file-diff.tsx";
import { FileList } from "./file-list.tsx";
import classes from "./changes-tab.module.css";

const SPLIT_FROM_PX = 900;

function Nothing({ session, error }: { session: Session; error: Error | null }) {
  if (error)
    return (
      <p className={classes.nothing} role="alert">
        <span className="t-fail">The changes could not be read.</span> {error.message}
      </p>
    );
  const text = {
    created: "No workspace yet. It is prepared when the first run begins.",
    archived: "The workspace was put away. A message brings it and its changes back.",
  }[session.status as string];
  return (
    <p className={classes.nothing}>
      {text ?? "Nothing has changed so far. Edits, new files and deletions appear here."}
    </p>
  );
}

function Summary({ diff }: { diff: Diff }) {
  return (
    <div className={classes.summary}>
      <span className="sm">
        <b className="strong">{plural(diff.files.length, "file")}</b>{" "}
        <span className="t-run num">+{count(diff.added)}</span>{" "}
        <span className="t-fail num">−{count(diff.removed)}</span>{" "}
        {diff.base && <span className="dim">since {diff.base.slice(0, 7)}</span>}
      </span>
      <span className="right">
        {diff.patch && <CopyButton text={diff.patch} label="Copy the patch" word="Copy patch" />}
      </span>
    </div>
  );
}

/** What the session changed against the commit it began from: the files, and the lines of the chosen one. */
export function ChangesTab({ session }: { session: Session }) {
  const { data: diff, error, isLoading } = useQuery(diffQuery(session.sessionId));
  const [params, setParams] = useSearchParams();
  const { ref, width } = useElementSize();
  if (!diff || diff.files.length === 0)
    return isLoading ? null : <Nothing session={session} error={diff ? null : error} />;
  const asked = params.get("file");
  const index = Math.max(
    0,
    diff.files.findIndex((file) => file.path === asked),
  );
  const file = diff.files[index];
  const choose = (path: string) =>
    setParams((current) => new URLSearchParams([...[...current].filter(([name]) => name !== "file"), ["file", path]]), {
      replace: true,
    });
  return (
    <div className={classes.changes} ref={ref}>
      <Summary diff={diff} />
      <FileList files={diff.files} chosen={file?.path} onChoose={choose} />
      {diff.truncated && (
        <p className={classes.truncated}>The patch is longer than what is kept here; the list of files is complete.</p>
      )}
      {file && (
        <FileDiff
          key={file.path}
          diff={diff}
          file={file}
          place={`${index + 1} of ${diff.files.length}`}
          split={width >= SPLIT_FROM_PX}
        />
      )}
    </div>
  );
}
