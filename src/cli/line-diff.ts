/** Lines of unchanged text shown around a change. */
const CONTEXT = 3;
/** Above this many changed lines on each side the two are shown whole: comparing them takes their product in steps. */
const MAX_COMPARED = 2_000;

type Mark = " " | "-" | "+";
type Line = readonly [mark: Mark, text: string];

/** What changed between two texts, line by line, each line marked with `-`, `+` or a space; empty when nothing did. */
export function lineDiff(before: string, after: string, context = CONTEXT): string {
  if (before === after) return "";
  const lines = compare(before === "" ? [] : before.split("\n"), after === "" ? [] : after.split("\n"));
  const changed = lines.flatMap(([mark], index) => (mark === " " ? [] : [index]));
  const near = (index: number): boolean => changed.some((at) => Math.abs(at - index) <= context);
  return lines
    .flatMap(([mark, text], index) => {
      if (near(index)) return [`${mark} ${text}`];
      return near(index - 1) ? ["  …"] : [];
    })
    .join("\n");
}

function compare(before: readonly string[], after: readonly string[]): Line[] {
  let start = 0;
  while (start < Math.min(before.length, after.length) && before[start] === after[start]) start += 1;
  let end = 0;
  while (end < Math.min(before.length, after.length) - start && before.at(-1 - end) === after.at(-1 - end)) end += 1;
  return [
    ...marked(" ", before.slice(0, start)),
    ...compareMiddle(before.slice(start, before.length - end), after.slice(start, after.length - end)),
    ...marked(" ", before.slice(before.length - end)),
  ];
}

const marked = (mark: Mark, lines: readonly string[]): Line[] => lines.map((text) => [mark, text]);

/** The longest common subsequence of the lines stays, the rest was removed or added. */
function compareMiddle(before: readonly string[], after: readonly string[]): Line[] {
  if (before.length > MAX_COMPARED || after.length > MAX_COMPARED)
    return [...marked("-", before), ...marked("+", after)];
  const common = commonLengths(before, after);
  const markAt = (i: number, j: number): Mark => {
    if (i === before.length) return "+";
    if (before[i] === after[j]) return " ";
    return j === after.length || common(i + 1, j) >= common(i, j + 1) ? "-" : "+";
  };
  const lines: Line[] = [];
  let [i, j] = [0, 0];
  while (i < before.length || j < after.length) {
    const mark = markAt(i, j);
    lines.push([mark, (mark === "+" ? after[j] : before[i]) ?? ""]);
    if (mark !== "+") i += 1;
    if (mark !== "-") j += 1;
  }
  return lines;
}

/** How many lines the two texts have in common from each pair of places on. */
function commonLengths(before: readonly string[], after: readonly string[]): (i: number, j: number) => number {
  const width = after.length + 1;
  const lengths = new Uint16Array((before.length + 1) * width);
  const at = (i: number, j: number): number => lengths[i * width + j] ?? 0;
  for (let i = before.length - 1; i >= 0; i -= 1) {
    for (let j = after.length - 1; j >= 0; j -= 1)
      lengths[i * width + j] = before[i] === after[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  }
  return at;
}
