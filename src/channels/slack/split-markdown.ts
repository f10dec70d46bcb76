import { closingOf, openingOf, readLine, startOfText, type Place, type ReadLine } from "./markdown-lines.ts";

/** A piece of a text: the bodies together are the text, what is around a body makes it stand on its own. */
interface Cut {
  opening: string;
  body: string;
  closing: string;
  next: Start;
}

interface Start {
  from: number;
  opening: string;
}

/** Where a text may be cut: before a line, by how well it may; lower is better. */
interface Candidate {
  at: number;
  rank: number;
  weight: number;
  place: Place;
}

/** A part is at least so full, as a share of the limit, when it ends at a place of that rank. */
const FULL_ENOUGH = [0.35, 0.35, 0.5, 0.5, 0.5, 0.5, 0.5] as const;
const MAX_INFO = 100;
const MAX_TABLE_HEAD = 600;
/** A run of more fence letters than this is broken up: no fence needs so many. */
const MAX_MARKER = 60;
/** How far back a line that is too long is searched for a good place to cut it. */
const SEARCH = 300;

/** Slack measures blocks as JSON: what a letter takes there. */
function weightOf(text: string): number {
  let weight = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === 34 || code === 92 || code === 10) weight += 2;
    else weight += code < 32 ? 6 : 1;
  }
  return weight;
}

/** The text as it is cut: one kind of line end, no fence that would not fit, no letter that is half a character. */
function prepare(text: string): string {
  const plain = text.replace(/\r\n?/gu, "\n").toWellFormed();
  const runs = plain.replace(new RegExp(`(?:\`{${MAX_MARKER}}|~{${MAX_MARKER}})(?=[\`~])`, "gu"), "$&\u200b");
  return runs
    .split("\n")
    .map((line) => (line.length > SEARCH ? line.trimEnd().replace(LONG_FENCE, "$&\u200b") : line))
    .join("\n");
}

/** What stands before fence letters at the beginning of a line. So long a line is no fence a person meant. */
const LONG_FENCE = /^(?:[ \t>]|[-*+][ \t]|\d{1,9}[.)][ \t])*(?=`{3}|~{3})/u;

/** How well a text may be cut before a line: 0 a heading, 1 a new paragraph or fence, … 6 in the middle of code. */
function rankOf(before: Place, previous: ReadLine["kind"], next: ReadLine): number {
  if (before.fence) return next.kind === "code" ? 6 : 4;
  if (next.kind === "heading") return 0;
  if (next.kind === "row") return before.table === undefined ? 3 : 5;
  const apart = previous === "blank" || previous === "closes" || next.kind === "opens";
  return next.column === 0 ? rankAtMargin(apart, next.kind) : rankInside(apart);
}

const rankAtMargin = (apart: boolean, kind: ReadLine["kind"]): number => (apart ? 1 : kind === "item" ? 2 : 4);
const rankInside = (apart: boolean): number => (apart ? 3 : 4);

const copy = (place: Place): Place => ({ ...place, items: [...place.items] });

/** What must stand before the rest when a text is cut at a place. */
function openingAt({ fence, table }: Place): string {
  if (fence) return openingOf(fence, MAX_INFO);
  return table !== undefined && weightOf(table) <= MAX_TABLE_HEAD ? table : "";
}

/** The end of the line that begins at `from`, with its line end. */
function lineEnd(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  return end === -1 ? text.length : end + 1;
}

function pick(candidates: readonly Candidate[], limit: number): Candidate | undefined {
  const full = candidates.filter(({ rank, weight }) => weight >= limit * (FULL_ENOUGH[rank] ?? 0.5));
  return full.reduce<Candidate | undefined>((best, one) => (best && best.rank < one.rank ? best : one), undefined);
}

/** Whether a line that is cut before `rest` would be read as a fence where it is not one. */
function changesFence(place: Place, rest: string): boolean {
  const after = startOfText();
  for (const line of openingAt(place).split("\n").slice(0, -1)) readLine(after, line);
  const { fence } = after;
  readLine(after, rest);
  return (fence === undefined) !== (after.fence === undefined);
}

/** Whether the beginning of a line alone opens or closes a fence, as the whole line does not. */
function headChangesFence(before: Place, head: string, open: boolean): boolean {
  const after = copy(before);
  readLine(after, head);
  return (after.fence !== undefined) !== open;
}

interface LongLine {
  from: number;
  most: number;
  before: Place;
  /** What is open behind the cut. */
  place: Place;
}

/** Where to cut inside a line that does not fit: at a space, else anywhere but inside a character. */
function cutLine(text: string, { from, most, before, place }: LongLine): number {
  const end = lineEnd(text, from);
  const allowed = (at: number): boolean => {
    if (/[\uDC00-\uDFFF]/.test(text.charAt(at)) && /[\uD800-\uDBFF]/.test(text.charAt(at - 1))) return false;
    if (changesFence(place, text.slice(at, Math.min(end, at + SEARCH)).trimEnd())) return false;
    return !headChangesFence(before, text.slice(from, at), place.fence !== undefined);
  };
  for (const spaces of [true, false])
    for (let at = most; at > Math.max(from, most - SEARCH); at--)
      if ((!spaces || text.charAt(at - 1) === " ") && allowed(at)) return at;
  return most;
}

/** How far from `from` a weight reaches. */
function reach(text: string, from: number, weight: number): number {
  let [at, left] = [from, weight];
  while (at < text.length && left > 0) {
    left -= weightOf(text.charAt(at));
    if (left >= 0) at += 1;
  }
  return at;
}

const closingWeight = ({ fence }: Place): number => (fence ? weightOf(closingOf(fence)) + 2 : 0);

/** The next piece, from `from` on: as much as fits, cut at the best place. */
function nextCut(text: string, limit: number, { from, opening }: Start): Cut {
  const place = startOfText();
  for (const line of opening.split("\n").slice(0, -1)) readLine(place, line);
  const candidates: Candidate[] = [];
  let [at, weight] = [from, weightOf(opening)];
  let previous: ReadLine["kind"] = "blank";
  while (at < text.length) {
    const before = copy(place);
    const end = lineEnd(text, at);
    const line = text.slice(at, end);
    const read = readLine(place, line.endsWith("\n") ? line.slice(0, -1) : line);
    if (at > from) candidates.push({ at, rank: rankOf(before, previous, read), weight, place: before });
    const grown = weight + weightOf(line);
    if (grown + closingWeight(place) > limit) {
      // A line that is cut does not end its fence; one that stands outside of the fence's list item was never in it.
      const behind = read.kind === "closes" ? before.fence : place.fence;
      const best = pick(candidates, limit) ?? cutInside(text, { at, before, behind, room: limit - weight });
      return cutAt(text, { from, opening }, best);
    }
    [weight, at, previous] = [grown, end, read.kind];
  }
  return cutAt(text, { from, opening }, { at, place });
}

/** A cut in a line that is too long. What it opens is open behind the cut: the rest of a fence's first line is code. */
function cutInside(
  text: string,
  { at, before, behind, room }: { at: number; before: Place; behind: Place["fence"]; room: number },
): Pick<Candidate, "at" | "place"> {
  const place = { ...before, fence: behind };
  const most = Math.min(reach(text, at, room - closingWeight(place)), lineEnd(text, at));
  return { at: cutLine(text, { from: at, most: Math.max(most, at + 1), before, place }), place };
}

function closing(text: string, end: number, { fence }: Place): string {
  if (!fence) return "";
  return `${text.charAt(end - 1) === "\n" ? "" : "\n"}${closingOf(fence)}`;
}

const cutAt = (text: string, { from, opening }: Start, { at, place }: Pick<Candidate, "at" | "place">): Cut => ({
  opening,
  body: text.slice(from, at),
  closing: closing(text, at, place),
  next: { from: at, opening: openingAt(place) },
});

/** The pieces of a Markdown text, none weightier than `limit` (at least 1,000), each readable on its own. */
export function cutMarkdown(text: string, limit: number): { text: string; cuts: Cut[] } {
  const whole = prepare(text);
  const cuts: Cut[] = [];
  for (let start: Start = { from: 0, opening: "" }; start.from < whole.length;) {
    const cut = nextCut(whole, limit, start);
    cuts.push(cut);
    start = cut.next;
  }
  return { text: whole, cuts };
}

/** The parts of a Markdown text in order; what only separates them is left out. Limits as for `cutMarkdown`. */
export const splitMarkdown = (text: string, limit: number): string[] =>
  cutMarkdown(text, limit)
    .cuts.map(({ opening, body, closing: end }) =>
      `${opening}${opening === "" ? body.replace(/^(?:[ \t]*\n)+/u, "") : body}${end}`.trimEnd(),
    )
    .filter((part) => part !== "");

/** What closes the fence that a text leaves open, as a line of its own; empty when none is. */
export function closingFor(text: string): string {
  const place = startOfText();
  for (const line of text.split("\n")) readLine(place, line);
  return closing(text, text.length, place);
}
