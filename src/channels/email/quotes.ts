import EmailReplyParser from "email-reply-parser";
import { attributionLength, beginsForwarded, beginsOriginal, isBlank, isQuoted, isSignature } from "./quoted-lines.ts";
import { REPLY_MARKER } from "./reply-marker.ts";

/** The parser's patterns go over the whole text; a longer one is cut by our own rules only. */
const MAX_PARSED = 100_000;
/** Lines of a quote that an answer stands under: enough to know what it answers. */
const MAX_QUOTED_ABOVE = 8;
const MAX_SIGNATURE = 12;
const LEFT_OUT = "> […]";

export interface OwnText {
  text: string;
  /** Something was left out. */
  cut: boolean;
}

/**
 * What the writer of a reply wrote, without what his mail program quoted of ours. What is not surely a quote stays: code,
 * shell prompts, what was handed on, and answers between the lines together with the lines that they answer.
 */
export function cutQuotes(full: string, { forwarded = false } = {}): OwnText {
  const lines = full.replaceAll("\r\n", "\n").split("\n");
  const masked = maskCode(lines);
  const isOurs = masked.some((line) => line.includes(REPLY_MARKER));
  if (!isOurs && (forwarded || masked.some(beginsForwarded))) return { text: full.trim(), cut: false };
  const kept = tidy(aboveMarker(lines, masked) ?? withoutQuotes(lines, masked));
  const text = kept === "" ? ownLines(lines, masked) : kept;
  return { text, cut: text !== full.trim() };
}

/** Characters of code become x, so that nothing in it looks like a quote; lines and lengths stay. */
function maskCode(lines: readonly string[]): string[] {
  const masked = [...lines];
  let open: number | undefined;
  for (const [at, line] of lines.entries()) {
    if (/^(?: {4}|\t)\s*\S/.test(line)) masked[at] = hide(line);
    if (!/^ {0,3}(?:```|~~~)/.test(line)) continue;
    if (open === undefined) {
      open = at;
      continue;
    }
    for (let inside = open; inside <= at; inside += 1) masked[inside] = hide(lines[inside] ?? "");
    open = undefined;
  }
  return masked;
}

const hide = (line: string): string => line.replaceAll(/\S/g, "x");

/** What stands above our own marker; undefined without one. */
function aboveMarker(lines: readonly string[], masked: readonly string[]): string[] | undefined {
  const at = masked.findIndex((line) => line.includes(REPLY_MARKER));
  if (at < 0) return undefined;
  const rest = masked.slice(at + 1);
  if (isQuoted(masked[at] ?? "") && answersBetween(rest)) {
    const top = at + quoteEdge(masked, at);
    const answers = withoutSignature(lines.slice(at + 1), rest);
    return [...lines.slice(0, top), ...shortQuotes(answers, rest)];
  }
  const above = masked.slice(0, at);
  const end = attributionEdge(above);
  return withoutSignature(lines.slice(0, end), masked.slice(0, end));
}

/** How far above the marker its quote begins, as a negative number: the lines of it and who is said to have written it. */
function quoteEdge(masked: readonly string[], at: number): number {
  return attributionEdge(masked.slice(0, at)) - at;
}

/** Where the own text ends whose last lines introduce a quote. */
function attributionEdge(above: readonly string[]): number {
  let end = above.length;
  while (end > 0 && (isBlank(above[end - 1] ?? "") || isQuoted(above[end - 1] ?? ""))) end -= 1;
  const attribution = attributionLength(above.slice(0, end));
  if (attribution > 0) return end - attribution;
  for (let at = Math.max(0, end - MAX_SIGNATURE); at < end; at += 1)
    if (beginsOriginal(above, at)) return ruled(above, at);
  return end;
}

/** Outlook draws a line over its headers. */
const ruled = (lines: readonly string[], at: number): number => {
  let top = at;
  while (top > 0 && (isBlank(lines[top - 1] ?? "") || /^\s*_{10,}\s*$/.test(lines[top - 1] ?? ""))) top -= 1;
  return top;
};

/** Whether somebody wrote between or below the quoted lines. */
function answersBetween(masked: readonly string[]): boolean {
  const signature = masked.findIndex(isSignature);
  const body = signature < 0 ? masked : masked.slice(0, signature);
  return body.some((line) => !isBlank(line) && !isQuoted(line));
}

function withoutQuotes(lines: readonly string[], masked: readonly string[]): string[] {
  const original = masked.findIndex((_, at) => beginsOriginal(masked, at));
  // At the very top it is all there is: a mail that was handed on.
  const end =
    original > 0 && masked.slice(0, original).some((line) => !isBlank(line)) ? ruled(masked, original) : lines.length;
  const above = masked.slice(0, end);
  const drop = trailingQuote(above);
  const body = lines.slice(0, drop);
  const hidden = above.slice(0, drop);
  const short = shortQuotes(body, hidden);
  return withoutSignature(short, body.length === short.length ? hidden : maskCode(short));
}

/** Where the quote begins that ends the text; the length of the text when there is none with somebody's name over it. */
function trailingQuote(masked: readonly string[]): number {
  const introduced = masked.findIndex((line, at) => isQuoted(line) && attributionLength(lineAbove(masked, at)) > 0);
  if (introduced >= 0 && !answersBetween(masked.slice(introduced))) {
    const above = lineAbove(masked, introduced);
    return above.length - attributionLength(above);
  }
  return introduced >= 0 ? masked.length : parsedEnd(masked);
}

function lineAbove(masked: readonly string[], at: number): string[] {
  let end = at;
  while (end > 0 && isBlank(masked[end - 1] ?? "")) end -= 1;
  return masked.slice(0, end);
}

/**
 * Where email-reply-parser, which knows the headers of many programs and languages, sees the quote that ends the text.
 * It changes white space only, so its fragments are found again by counting the other characters.
 */
function parsedEnd(masked: readonly string[]): number {
  const text = masked.join("\n");
  if (text.length > MAX_PARSED) return masked.length;
  const fragments = new EmailReplyParser().read(text).getFragments();
  const last = fragments.findLastIndex((part) => !part.isQuoted() && !part.isSignature() && !part.isEmpty());
  const quote = fragments.findIndex(
    (part, at) => at > last && part.isQuoted() && !isQuoted(part.getContent().trimStart()),
  );
  if (quote < 0) return masked.length;
  const before = fragments.slice(0, quote).reduce((sum, part) => sum + weight(part.getContent()), 0);
  let seen = 0;
  const end = masked.findIndex((line) => (seen += weight(line)) > before);
  return end < 0 ? masked.length : end;
}

const weight = (text: string): number => text.replaceAll(/\s/g, "").length;

/** Quotes that answers stand under are kept by their last lines. */
function shortQuotes(lines: readonly string[], masked: readonly string[]): string[] {
  const kept: string[] = [];
  let block: string[] = [];
  const flush = () => {
    if (block.length > MAX_QUOTED_ABOVE) kept.push(LEFT_OUT, ...block.slice(-MAX_QUOTED_ABOVE));
    else kept.push(...block);
    block = [];
  };
  for (const [at, line] of lines.entries()) {
    if (isQuoted(masked[at] ?? "")) block.push(line);
    else {
      flush();
      kept.push(line);
    }
  }
  flush();
  return kept;
}

/** Only a short one at the very end: `--` is also a line that people draw. */
function withoutSignature(lines: readonly string[], masked: readonly string[]): string[] {
  const from = Math.max(0, masked.length - MAX_SIGNATURE);
  const at = masked.findIndex((line, index) => index >= from && isSignature(line));
  return at <= 0 ? [...lines] : lines.slice(0, at);
}

const tidy = (lines: readonly string[]): string =>
  lines
    .join("\n")
    .replace(/^(?:\s*\n)+/, "")
    .trimEnd();

/** The last resort: all lines that are no quote, down to the first text that is surely ours. */
function ownLines(lines: readonly string[], masked: readonly string[]): string {
  const marker = masked.findIndex((line) => line.includes(REPLY_MARKER));
  const end = marker < 0 ? lines.length : marker;
  const attributed = attributionEdge(masked.slice(0, end));
  const own = (to: number) => tidy(lines.slice(0, to).filter((_, at) => !isQuoted(masked[at] ?? "")));
  return own(attributed);
}
