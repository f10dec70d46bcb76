const FENCE = /^ {0,3}(`{3,}|~{3,})/;

/**
 * The beginning of a Markdown text, at most `max` characters and whole lines of it; it ends between two paragraphs
 * where there are any, and a code block that is cut is closed. `whole` says whether that is all.
 */
export function cutMarkdown(text: string, max: number): { text: string; whole: boolean } {
  if (text.length <= max) return { text, whole: true };
  let fence: string | undefined;
  let end = 0;
  let fenceAtEnd: string | undefined;
  let paragraphEnd = 0;
  for (let at = 0; at < max;) {
    const next = nextLine(text, at);
    if (next > max) break;
    const line = text.slice(at, next);
    fence = after(line, fence);
    end = next;
    fenceAtEnd = fence;
    if (fence === undefined && line.trim() === "") paragraphEnd = next;
    at = next;
  }
  if (paragraphEnd > max / 2) return { text: text.slice(0, paragraphEnd).trimEnd(), whole: false };
  if (end === 0) return { text: text.slice(0, max).toWellFormed(), whole: false };
  const closing = fenceAtEnd === undefined ? "" : `\n${fenceAtEnd}`;
  return { text: text.slice(0, end).trimEnd() + closing, whole: false };
}

function nextLine(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end + 1;
}

/** The fence that is open after this line. */
function after(line: string, open: string | undefined): string | undefined {
  const marks = FENCE.exec(line)?.[1];
  if (marks === undefined) return open;
  if (open === undefined) return marks;
  const closes = marks.startsWith(open) && line.trim() === marks;
  return closes ? undefined : open;
}
