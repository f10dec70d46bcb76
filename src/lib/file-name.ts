const MAX_BYTES = 120;
const MAX_ENDING_BYTES = 20;

const byteLength = (text: string): number => Buffer.byteLength(text);

/** What nobody can see (control characters, marks that turn the direction of reading) hides what a name says. */
const INVISIBLE = /[\p{C}\p{Zl}\p{Zp}]/gu;

/**
 * A file name from outside, safe on a disk, in a prompt and before a person's eyes: one name without a path, nothing
 * hidden in it, no dot or dash in front, at most 120 bytes. `@` is kept only inside words: it leads to other files.
 */
export function safeFileName(name: string): string {
  const last = name.normalize("NFC").split(/[/\\]/u).at(-1) ?? "";
  const clean = last
    .replaceAll(/\s/gu, " ")
    .replaceAll(INVISIBLE, "")
    .replaceAll(/(?<![\p{L}\p{N}])@/gu, "_")
    .replaceAll("`", "'")
    .replaceAll(/ +/g, " ")
    .replace(/^[-. ~]+/u, "")
    .replace(/[. ]+$/u, "");
  return clean === "" ? "file" : cutMiddle(clean, "");
}

/** The name with `mark` before its ending, cut so that the whole is not too long. */
function cutMiddle(name: string, mark: string): string {
  const ending = /(?<=.)\.[^. ]+$/u.exec(name)?.[0] ?? "";
  const kept = byteLength(ending) <= MAX_ENDING_BYTES ? ending : "";
  const stem = name.slice(0, name.length - kept.length);
  return `${cutBytes(stem, MAX_BYTES - byteLength(kept) - byteLength(mark)).trimEnd()}${mark}${kept}`;
}

/** As much of the beginning as fits, in whole characters. */
function cutBytes(text: string, max: number): string {
  if (byteLength(text) <= max) return text;
  let cut = "";
  for (const character of text) {
    if (byteLength(cut) + byteLength(character) > max) break;
    cut += character;
  }
  return cut;
}

/** Safe names for files of one folder, all different even where capitals do not count: `a.txt`, `a-2.txt`. */
export function safeFileNames(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((given) => {
    const name = safeFileName(given);
    let free = name;
    for (let number = 2; taken.has(free.toLowerCase()); number++) free = cutMiddle(name, `-${number}`);
    taken.add(free.toLowerCase());
    return free;
  });
}
