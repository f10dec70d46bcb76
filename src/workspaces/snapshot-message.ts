/** What a snapshot knows beside files and commits; kept in the message of its commit, so that it travels with it. */
export interface SnapshotState {
  head: string | null;
  /** The branch HEAD was on, `refs/heads/…`; null when detached. */
  headRef: string | null;
  /** The commit that holds what was staged; null when that was the same as HEAD. */
  staged: string | null;
  /** Other refs of a clone, `refs/heads/…` and `refs/tags/…`. */
  refs: { name: string; id: string }[];
  /** Stashed work, newest first. */
  stashes: string[];
}

const TITLE = "Snapshot of a workspace";
const NONE = "none";
const REF_LINE = /^ref ([0-9a-f]{40,64}) (refs\/(?:heads|tags)\/\S+)$/;

export function writeSnapshotMessage(state: SnapshotState): string {
  const lines = [
    TITLE,
    "",
    `head ${state.head ?? NONE}`,
    `on ${state.headRef ?? NONE}`,
    `staged ${state.staged ?? NONE}`,
    ...state.refs.map(({ name, id }) => `ref ${id} ${name}`),
    ...state.stashes.map((id) => `stash ${id}`),
  ];
  return `${lines.join("\n")}\n`;
}

/** Reads the message back from a commit as `git cat-file commit` prints it. */
export function readSnapshotMessage(commit: string): SnapshotState {
  const lines = commit.slice(commit.indexOf("\n\n") + 2).split("\n");
  const value = (name: string): string | null => {
    const text = lines.find((line) => line.startsWith(`${name} `))?.slice(name.length + 1) ?? NONE;
    return text === NONE ? null : text;
  };
  return {
    head: value("head"),
    headRef: value("on"),
    staged: value("staged"),
    refs: lines.flatMap((line) => {
      const [, id, name] = REF_LINE.exec(line) ?? [];
      return id !== undefined && name !== undefined ? [{ name, id }] : [];
    }),
    stashes: lines.flatMap((line) => (line.startsWith("stash ") ? [line.slice("stash ".length)] : [])),
  };
}
