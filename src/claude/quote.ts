const MAX_QUOTE = 500;

/** What Claude said, as the end of an explanation; empty when it said nothing. */
export function quote(text: string): string {
  const line = text.trim().replaceAll(/\s+/g, " ");
  return line === "" ? "" : ` Claude said: “${line.length > MAX_QUOTE ? `${line.slice(0, MAX_QUOTE)}…` : line}”`;
}
