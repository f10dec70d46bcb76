import { toError } from "../lib/errors.ts";

/** Says where a text stops being JSON: "unexpected text at position 12 (line 1, column 13)". */
export function jsonFault(text: string): string {
  const position = faultPosition(text);
  const before = text.slice(0, position).split("\n");
  const place = `position ${position} (line ${before.length}, column ${(before.at(-1) ?? "").length + 1})`;
  return position >= text.length ? `it ends too early, at ${place}` : `unexpected text at ${place}`;
}

/**
 * The length of the longest prefix that could still become JSON. V8 names a position in only some of its messages, so
 * it is searched for: once a prefix is broken, every longer one is, hence about 20 parses for a body of a megabyte.
 */
function faultPosition(text: string): number {
  let good = 0;
  let bad = text.length + 1;
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (couldContinue(text.slice(0, middle))) good = middle;
    else bad = middle;
  }
  return good;
}

function couldContinue(prefix: string): boolean {
  try {
    JSON.parse(prefix);
    return true;
  } catch (thrown) {
    const { message } = toError(thrown);
    const position = /position (\d+)/u.exec(message)?.[1];
    return message.startsWith("Unexpected end") || Number(position) >= prefix.length;
  }
}
