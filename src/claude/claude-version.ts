/** The CLI our tests run. A newer one works most likely; runs of it are marked as untested. */
export const PINNED_VERSION = "2.1.329";
/** Older ones lack what we rely on; they are refused. */
export const FLOOR_VERSION = "2.1.197";

/** Negative when `a` is older than `b`. What is no number counts as 0. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split(/[.\-+]/).map((part) => Number.parseInt(part, 10) || 0));
  for (let at = 0; at < 3; at++) {
    const difference = (left?.[at] ?? 0) - (right?.[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
