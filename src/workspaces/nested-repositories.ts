import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { findRepository } from "./git-repository.ts";
import type { Git } from "./git.ts";
import { listLinks, readWorkTree, type WorkTree } from "./work-tree.ts";
import type { WorkspacePlace } from "./workspace-place.ts";

/** A nested repository's own untracked files, beyond which it counts as changed without a closer look. */
const MAX_UNTRACKED_BYTES = 64 * 1024 * 1024;

/**
 * Repositories inside of a workspace that hold something of their own: of those, a snapshot keeps no more than the id
 * of their commit. A submodule as the session found it, with nothing changed in it, can be fetched again.
 */
export async function findNestedWork(
  git: Git,
  { repository }: WorkspacePlace,
  { view }: Pick<WorkTree, "view">,
  base: string | null,
): Promise<string[]> {
  const links = await listLinks(view);
  const found: string[] = [];
  for (const { path, id } of links) {
    const known = base !== null && (await linkIn(view, base, path)) === id;
    if (!(known && (await isUnchanged(git, join(repository.topLevel, path), id)))) found.push(path);
  }
  return found;
}

/** The commit a tree records for a submodule at this path. */
async function linkIn({ text }: WorkTree["view"], tree: string, path: string): Promise<string | undefined> {
  const line = await text(["ls-tree", "--full-tree", "-z", tree, "--", path]);
  return /^160000 commit ([0-9a-f]+)\t/.exec(line)?.[1];
}

async function isUnchanged(git: Git, folder: string, commit: string): Promise<boolean> {
  // A submodule that was never checked out is an empty folder.
  if (!(await lstat(join(folder, ".git")).catch(() => undefined))) return true;
  const found = await findRepository(folder);
  if (!found || found.topLevel !== folder) return false;
  const repository = { ...found, topLevel: folder };
  await using tree = await readWorkTree({ git, repository, folder, maxUntrackedBytes: MAX_UNTRACKED_BYTES });
  const isWhole = tree.tooLarge.length === 0 && tree.unreadable.length === 0;
  if (!isWhole || tree.head.commit !== commit || (await listLinks(tree.view)).length > 0) return false;
  const { exitCode } = await tree.view.run(["diff", "--cached", "--quiet", "--no-ext-diff", commit], { okCodes: [1] });
  return exitCode === 0;
}
