import { AppError } from "../../lib/errors.ts";

const MAX_PARTS = 100;
const MAX_HEAD = 8 * 1024;
const BREAK = Buffer.from("\r\n\r\n");

/**
 * The fields of a multipart/form-data body as bytes: a raw mail in one of them may be in any character set, which the
 * usual readers of forms would read as UTF-8. Files and repeated fields count as fields; the first of a name is kept.
 */
export function readForm(body: Buffer, contentType: string): Map<string, Buffer> {
  const boundary = /^multipart\/form-data\b.*?;\s*boundary=(?:"([^"]{1,200})"|([^\s;"]{1,200}))/i.exec(contentType);
  const name = boundary?.[1] ?? boundary?.[2];
  if (name === undefined) throw new AppError("unsupported_media_type", "Send the body as multipart/form-data");
  const fields = new Map<string, Buffer>();
  for (const part of partsOf(body, name)) {
    const headEnd = part.indexOf(BREAK);
    if (headEnd < 0 || headEnd > MAX_HEAD) continue;
    const field = fieldName(part.toString("latin1", 0, headEnd));
    if (field !== undefined && !fields.has(field)) fields.set(field, part.subarray(headEnd + BREAK.length));
  }
  return fields;
}

/** What stands between the delimiters. */
function* partsOf(body: Buffer, boundary: string): Generator<Buffer> {
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  const first = body.indexOf(delimiter.subarray(2));
  if (first < 0) return;
  let at = first + delimiter.length - 2;
  for (let count = 0; body.toString("latin1", at, at + 2) !== "--"; count += 1) {
    const end = body.indexOf(delimiter, at);
    if (end < 0 || count >= MAX_PARTS) throw new AppError("invalid", "body is not a complete multipart/form-data body");
    yield body.subarray(at, end);
    at = end + delimiter.length;
  }
}

const fieldName = (head: string): string | undefined =>
  /^content-disposition:\s*form-data\b.*?;\s*name="([^"\r\n]{1,200})"/im.exec(head)?.[1];
