import type { DiffFile } from "../../../../src/contract/diff.ts";
import { changeBlocks, splitPath } from "../../lib/diff-files.ts";
import { count } from "../../lib/format.ts";
import classes from "./changes-tab.module.css";

const LETTERS: Record<DiffFile["status"], string> = { added: "A", modified: "M", deleted: "D", renamed: "R" };

const BLOCKS = [0, 1, 2, 3, 4] as const;

function Numbers({ file }: { file: DiffFile }) {
  if (file.added === null) return <span className={classes.binary}>binary</span>;
  const blocks = changeBlocks(file);
  return (
    <>
      <span className={classes.numbers}>
        <span className="t-run">{file.added > 0 && `+${count(file.added)}`}</span>
        <span className="t-fail">{(file.removed ?? 0) > 0 && `−${count(file.removed ?? 0)}`}</span>
      </span>
      <span className={classes.blocks} aria-hidden>
        {BLOCKS.map((place) => (
          <i key={place} data-kind={blocks[place]} />
        ))}
      </span>
    </>
  );
}

/** The changed files; paths are cut in the middle and keep the file's name. */
export function FileList({
  files,
  chosen,
  onChoose,
}: {
  files: readonly DiffFile[];
  chosen: string | undefined;
  onChoose: (path: string) => void;
}) {
  return (
    <ul className={classes.files} aria-label="Changed files">
      {files.map((file) => {
        const { folder, name } = splitPath(file.path);
        const title = file.previousPath ? `${file.previousPath} → ${file.path}` : file.path;
        return (
          <li key={file.path}>
            <button
              type="button"
              className={classes.file}
              title={title}
              aria-current={file.path === chosen || undefined}
              onClick={() => onChoose(file.path)}
            >
              <span className={classes.letter} title={file.status}>
                {LETTERS[file.status]}
              </span>
              <span className={classes.path}>
                <span className={classes.folder}>{folder}</span>
                <span className={classes.name}>{name}</span>
              </span>
              <Numbers file={file} />
            </button>
          </li>
        );
      })}
    </ul>
  );
}
