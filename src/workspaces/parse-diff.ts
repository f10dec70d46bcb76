import type { DiffFile } from "../contract/diff.ts";

const STATUSES: Record<string, DiffFile["status"]> = { A: "added", D: "deleted", R: "renamed" };

interface Counts {
  added: number | null;
  removed: number | null;
}

/** `-` instead of a number is how git says that a file is binary. */
const toCount = (text: string | undefined): number | null => (text === undefined || text === "-" ? null : Number(text));

/**
 * The files of `git diff --raw --numstat -z`: first a `:`-line a file with its path (two when renamed), then its
 * counts. Names come between zero bytes, so no name can be mistaken for anything else.
 */
export function parseDiff(output: Buffer): DiffFile[] {
  const tokens = output.toString().split("\0");
  const files: Omit<DiffFile, keyof Counts>[] = [];
  const counts = new Map<string, Counts>();
  let at = 0;
  const next = () => tokens[at++] ?? "";
  while (at < tokens.length - 1) {
    const token = next();
    if (token.startsWith(":")) {
      const letter = token.split(" ")[4]?.[0] ?? "M";
      const first = next();
      const path = letter === "R" ? next() : first;
      files.push({ path, previousPath: letter === "R" ? first : null, status: STATUSES[letter] ?? "modified" });
      continue;
    }
    const [added, removed, ...name] = token.split("\t");
    let path = name.join("\t");
    if (path === "") {
      next();
      path = next();
    }
    counts.set(path, { added: toCount(added), removed: toCount(removed) });
  }
  return files.map((file) => ({ ...file, ...(counts.get(file.path) ?? { added: null, removed: null }) }));
}
