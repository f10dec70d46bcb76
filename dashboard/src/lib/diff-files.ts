import type { Diff, DiffFile } from "../../../src/contract/diff.ts";

const BLOCKS = 5;

/** A path as folder and name, so that the name can stand out. */
export function splitPath(path: string): { folder: string; name: string } {
  const at = path.lastIndexOf("/") + 1;
  return { folder: path.slice(0, at), name: path.slice(at) };
}

/** Five blocks that show how much of a change was added and how much removed. */
export function changeBlocks({
  added,
  removed,
}: Pick<DiffFile, "added" | "removed">): ("added" | "removed" | "none")[] {
  const plus = added ?? 0;
  const minus = removed ?? 0;
  const all = plus + minus;
  if (all === 0) return Array.from({ length: BLOCKS }, () => "none" as const);
  const filled = Math.min(BLOCKS, all);
  let green = Math.round((plus / all) * filled);
  if (plus > 0) green = Math.max(1, green);
  if (minus > 0) green = Math.min(filled - 1, green);
  return Array.from({ length: BLOCKS }, (_, index) => (index < green ? "added" : index < filled ? "removed" : "none"));
}

/** The part of a patch that speaks of one file. */
export function filePatch(patch: string, file: Pick<DiffFile, "path" | "previousPath">): string {
  const parts = patch.split(/^(?=diff --git )/mu);
  const quoted = JSON.stringify(`b/${file.path}`);
  return (
    parts.find((part) => {
      const head = part.slice(0, part.indexOf("\n"));
      return head.endsWith(` b/${file.path}`) || head.endsWith(` ${quoted}`);
    }) ?? ""
  );
}

/** Why a file's lines are not shown, if they are not. */
export function unshown(file: DiffFile, patch: string, diff: Pick<Diff, "truncated">): string | undefined {
  if (file.added === null || /^(?:Binary files |GIT binary patch)/mu.test(patch)) return "Binary file, not shown.";
  if (patch === "")
    return diff.truncated ? "Too much changed to show this file here. See it in the workspace." : "No lines to show.";
  return /^@@ /mu.test(patch) ? undefined : "Only the name or the mode changed.";
}
