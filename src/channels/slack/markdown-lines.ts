/** A code fence that is open. */
export interface Fence {
  marker: string;
  info: string;
  /** How many `>` stand before it. */
  quotes: number;
  /** The column at which the text of the list item begins that it stands in; 0 outside of lists. */
  offset: number;
  /** Its own indent from there, 0 to 3. */
  indent: number;
}

/** Where a reader of Markdown stands between two lines. Changed in place by `readLine`. */
export interface Place {
  fence: Fence | undefined;
  quotes: number;
  /** The columns at which the texts of the list items around begin, outermost first. */
  items: number[];
  /** Header and separator of the table that goes on, with their line ends. */
  table: string | undefined;
  previous: string;
}

export type LineKind = "blank" | "heading" | "item" | "opens" | "closes" | "code" | "row" | "text";

/** What a line was, and the column of its first letter behind quote marks; items count from their own mark. */
export interface ReadLine {
  kind: LineKind;
  column: number;
}

export const startOfText = (): Place => ({ fence: undefined, quotes: 0, items: [], table: undefined, previous: "" });

const MARKER = /^(`{3,}(?!.*`)|~{3,})(.*)$/u;
const CLOSING = /^(?<marker>`{3,}|~{3,})[ \t]*$/u;
const ITEM = /^(?:[-*+]|\d{1,9}[.)])(?:[ \t]+|$)/u;
const RULE = /^(?:(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,})$/u;
const SEPARATOR = /^ {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-*:?[ \t]*)*$/u;
/** Items within items within items: more are not told apart. */
const MAX_ITEMS = 20;

/** Takes at most `most` quote marks off a line. */
function stripQuotes(line: string, most: number): { quotes: number; rest: string } {
  let rest = line;
  let quotes = 0;
  for (let mark = /^ {0,3}> ?/u.exec(rest); mark && quotes < most; mark = /^ {0,3}> ?/u.exec(rest)) {
    rest = rest.slice(mark[0].length);
    quotes += 1;
  }
  return { quotes, rest };
}

function columnOf(text: string): number {
  let column = 0;
  for (const letter of text) {
    if (letter === " ") column += 1;
    else if (letter === "\t") column += 4 - (column % 4);
    else break;
  }
  return column;
}

/** One line of an open fence; undefined when the quote or list item it stands in has ended, and the fence with it. */
function readCode(fence: Fence, line: string): LineKind | undefined {
  const { quotes, rest } = stripQuotes(line, fence.quotes);
  if (quotes < fence.quotes) return undefined;
  if (rest.trim() === "") return "code";
  const column = columnOf(rest);
  if (column < fence.offset) return undefined;
  const marker = CLOSING.exec(rest.trim())?.groups?.["marker"];
  const closes = marker !== undefined && marker.startsWith(fence.marker) && column - fence.offset < 4;
  return closes ? "closes" : "code";
}

/** Enters the list items that begin on a line; returns what stands behind their marks. */
function enterItems(place: Place, text: string, column: number): { text: string; column: number; entered: boolean } {
  let [rest, at, entered] = [text, column, false];
  for (;;) {
    const mark = RULE.test(rest) ? null : ITEM.exec(rest);
    if (!mark || place.items.length >= MAX_ITEMS || at - offsetOf(place) > 3) break;
    const bare = mark[0].trimEnd().length;
    const gap = mark[0].length - bare;
    const width = gap > 4 || gap === 0 ? bare + 1 : mark[0].length;
    at += width;
    place.items.push(at);
    entered = true;
    rest = rest.slice(Math.min(width, rest.length));
    const more = columnOf(rest);
    at += more;
    rest = rest.trimStart();
  }
  return { text: rest, column: at, entered };
}

const opensTable = (previous: string, line: string): boolean =>
  previous.includes("|") && line.includes("|") && SEPARATOR.test(line);

function readTable(place: Place, line: string): boolean {
  if (place.table !== undefined && line.includes("|")) return true;
  place.table = opensTable(place.previous, line) ? `${place.previous}\n${line}\n` : undefined;
  return place.table !== undefined;
}

function readText(place: Place, line: string): ReadLine {
  const { quotes, rest } = stripQuotes(line, 50);
  if (quotes !== place.quotes) place.items = [];
  place.quotes = quotes;
  if (rest.trim() === "") {
    place.table = undefined;
    return { kind: "blank", column: 0 };
  }
  return readWords(place, line, { quotes, rest });
}

/** What a line outside of code is that has letters; `rest` stands behind its quote marks. */
function readWords(place: Place, line: string, { quotes, rest }: { quotes: number; rest: string }): ReadLine {
  const column = columnOf(rest);
  while (offsetOf(place) > column) place.items.pop();
  const inner = enterItems(place, rest.trim(), column);
  const offset = offsetOf(place);
  const indent = inner.column - offset;
  const opening = indent < 4 ? MARKER.exec(inner.text) : null;
  if (opening) {
    const [, marker = "```", info = ""] = opening;
    place.table = undefined;
    place.fence = { marker, info: info.trim(), quotes, offset, indent };
    return { kind: "opens", column };
  }
  if (readTable(place, line)) return { kind: "row", column };
  if (/^#{1,6}(?:[ \t]|$)/u.test(rest)) return { kind: "heading", column };
  return { kind: inner.entered ? "item" : "text", column };
}

/** Where the text of the innermost list item begins. */
const offsetOf = ({ items }: Place): number => items.at(-1) ?? 0;

/** Reads one line (without its end) and says what it was; `place` then stands behind it. */
export function readLine(place: Place, line: string): ReadLine {
  const inCode = place.fence ? readCode(place.fence, line) : undefined;
  if (inCode === undefined) {
    place.fence = undefined;
    const read = readText(place, line);
    place.previous = line;
    return read;
  }
  if (inCode === "closes") place.fence = undefined;
  place.previous = line;
  return { kind: inCode, column: 0 };
}

/** What ends an open fence, as a line. */
export const closingOf = ({ marker, quotes, offset, indent }: Fence): string =>
  `${"> ".repeat(quotes)}${" ".repeat(offset + indent)}${marker}\n`;

/** The first word, or its beginning; never half a character. */
const cutInfo = (info: string, max: number): string =>
  (info.split(/\s/u, 1)[0] ?? "").slice(0, max).replace(/[\uD800-\uDBFF]$/, "");

/** What opens the same fence again at the beginning of a text, inside items and quotes like those it stood in. */
export function openingOf({ marker, info, quotes, offset, indent }: Fence, maxInfo: number): string {
  const shown = info.length > maxInfo ? cutInfo(info, maxInfo) : info;
  const bullets =
    offset < 2 ? " ".repeat(offset) : "- ".repeat(Math.floor(offset / 2) - 1) + (offset % 2 ? "-  " : "- ");
  return `${"> ".repeat(quotes)}${bullets}${" ".repeat(indent)}${marker}${shown}\n`;
}
