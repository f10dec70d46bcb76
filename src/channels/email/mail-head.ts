/** The most bytes of a mail's head: long ones of real servers have a few dozen KiB. */
export const MAX_HEAD_BYTES = 256 * 1024;
/** Of one value that is looked at. */
const MAX_VALUE = 20_000;
const MAX_MESSAGE_ID = 900;

export interface Header {
  /** In lower case. */
  name: string;
  /** Unfolded, not decoded. */
  value: string;
}

export interface MailHead {
  /** From the top down; each server puts its own above what it was given. */
  headers: readonly Header[];
  /** The first of this name. */
  get(name: string): string | undefined;
  all(name: string): string[];
  /** Where the body begins. */
  bodyAt: number;
  /** The head goes on past what may be read. */
  tooLong: boolean;
}

/** The headers of a raw mail, in order and unchanged: what trust and loops are judged by. Costs no more than its length. */
export function readHead(raw: Buffer): MailHead {
  const { end, bodyAt, tooLong } = findEnd(raw);
  const headers: Header[] = [];
  for (const line of raw.toString("latin1", 0, end).split(/\r?\n/)) {
    const last = headers.at(-1);
    if (/^[ \t]/.test(line)) {
      if (last && last.value.length < MAX_VALUE) last.value += ` ${line.trim()}`;
      continue;
    }
    const colon = line.indexOf(":");
    if (colon > 0)
      headers.push({
        name: line.slice(0, colon).trim().toLowerCase(),
        value: line.slice(colon + 1, colon + 1 + MAX_VALUE).trim(),
      });
  }
  const all = (name: string) => headers.filter((header) => header.name === name).map(({ value }) => value);
  return { headers, all, get: (name) => headers.find((header) => header.name === name)?.value, bodyAt, tooLong };
}

function findEnd(raw: Buffer): { end: number; bodyAt: number; tooLong: boolean } {
  const head = raw.subarray(0, MAX_HEAD_BYTES);
  const breaks = [
    { at: head.indexOf("\r\n\r\n"), length: 4 },
    { at: head.indexOf("\n\n"), length: 2 },
  ].filter(({ at }) => at >= 0);
  const first = breaks.toSorted((left, right) => left.at - right.at)[0];
  if (first) return { end: first.at, bodyAt: first.at + first.length, tooLong: false };
  return { end: head.length, bodyAt: head.length, tooLong: raw.length > MAX_HEAD_BYTES };
}

/** The ids in a Message-ID, In-Reply-To or References header, with their angle brackets, in order, each once. */
export function messageIds(value: string | undefined, max = 100): string[] {
  const found = (value ?? "").match(/<[!-;=?-~]{1,898}>/g) ?? [];
  return [...new Set(found)].filter((id) => id.length <= MAX_MESSAGE_ID).slice(-max);
}

/** A header's text with its encoded words (`=?utf-8?q?…?=`) read, on one line; for people. */
export function decodeWords(value: string, max = 500): string {
  const joined = value.replaceAll(/(=\?[^?\s]+\?[bq]\?[^?\s]*\?=)\s+(?==\?)/gi, "$1");
  const decoded = joined.replaceAll(
    /=\?([^?\s]{1,40})\?([bq])\?([^?\s]*)\?=/gi,
    (word, charset: string, kind: string, text: string) => decodeWord(charset, kind, text) ?? word,
  );
  // A head may hold UTF-8 as it is; read as latin1 it would be two characters for one.
  const plain = decoded === joined ? asUtf8(joined) : decoded;
  return plain
    .replaceAll(/[\u0000-\u001f\u007f\s]+/g, " ")
    .trim()
    .slice(0, max)
    .toWellFormed();
}

function decodeWord(charset: string, kind: string, text: string): string | undefined {
  const bytes =
    kind.toLowerCase() === "b"
      ? Buffer.from(text, "base64")
      : Buffer.from(
          text
            .replaceAll("_", " ")
            .replaceAll(/=([0-9a-f]{2})/gi, (_, hex: string) => String.fromCodePoint(Number.parseInt(hex, 16))),
          "latin1",
        );
  try {
    return new TextDecoder(charset.split("*", 1)[0]).decode(bytes);
  } catch {
    return undefined;
  }
}

function asUtf8(latin1: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.from(latin1, "latin1"));
  } catch {
    return latin1;
  }
}
