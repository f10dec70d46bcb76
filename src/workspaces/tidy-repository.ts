import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Git } from "./git.ts";

/** Each fetch and each snapshot leaves a pack; git slows down when it has to look into many. */
const MAX_PACKS = 50;
const TIMEOUT_MS = 10 * 60_000;
/** Unreachable objects stay this long: nobody still writes something that builds on them. */
const PRUNE = "2.days.ago";

/** Packs a bare repository of ours anew when it has got into many pieces. Says whether it did. */
export async function tidyRepository(
  git: Git,
  dir: string,
  { maxPacks = MAX_PACKS, prune = PRUNE }: { maxPacks?: number; prune?: string } = {},
): Promise<boolean> {
  const names = await readdir(join(dir, "objects/pack"));
  if (names.filter((name) => name.endsWith(".pack")).length <= maxPacks) return false;
  // Another process may be at it already, which git refuses: then there is nothing to do here.
  await git.run(["gc", "--quiet", `--prune=${prune}`], {
    cwd: dir,
    gitDir: dir,
    timeoutMs: TIMEOUT_MS,
    okCodes: [1, 128],
  });
  return true;
}
