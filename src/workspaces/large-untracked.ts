import { appendFile, lstat } from "node:fs/promises";
import { join } from "node:path";
import type { GitView } from "./git-view.ts";

const AT_ONCE = 64;

/** Names as latin-1, which keeps those that are not UTF-8 as they are. */
async function listUntracked(view: GitView): Promise<string[]> {
  const { stdout } = await view.run(["ls-files", "--others", "--exclude-standard", "--full-name", "-z", "--", "."]);
  return stdout
    .toString("latin1")
    .split("\0")
    .filter((name) => name !== "" && !name.endsWith("/"));
}

/** A line of gitignore that means this file alone; undefined for a name no line can hold. */
function toPattern(name: string): string | undefined {
  if (/[\n\r]/.test(name)) return undefined;
  return `/${name.replaceAll(/[\\*?[\]]/g, String.raw`\$&`).replace(/ $/, String.raw`\ `)}`;
}

interface Sized {
  name: string;
  bytes: number;
}

async function measure(topLevel: string, names: readonly string[]): Promise<Sized[]> {
  const sized: Sized[] = [];
  for (let at = 0; at < names.length; at += AT_ONCE) {
    const facts = names.slice(at, at + AT_ONCE).map(async (name) => {
      const path = Buffer.concat([Buffer.from(`${topLevel}/`), Buffer.from(name, "latin1")]);
      return { name, bytes: (await lstat(path).catch(() => undefined))?.size ?? 0 };
    });
    sized.push(...(await Promise.all(facts)));
  }
  return sized.toSorted((a, b) => b.bytes - a.bytes);
}

/**
 * Keeps the largest untracked files out of a view until the rest is no more than `maxBytes`: a data set that nobody
 * ignored would be read and compressed at every look. Gives the names of those left out.
 */
export async function leaveOutLargest(view: GitView, topLevel: string, maxBytes: number): Promise<string[]> {
  const files = await measure(topLevel, await listUntracked(view));
  let total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  const out: string[] = [];
  const patterns: string[] = [];
  for (const { name, bytes } of files) {
    if (total <= maxBytes) break;
    const pattern = toPattern(name);
    if (pattern === undefined) continue;
    total -= bytes;
    patterns.push(pattern);
    out.push(Buffer.from(name, "latin1").toString());
  }
  if (patterns.length > 0)
    await appendFile(join(view.dir, "info/exclude"), Buffer.from(`\n${patterns.join("\n")}\n`, "latin1"));
  return out;
}
