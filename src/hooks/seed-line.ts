const SESSION = '{"session": "';
const TOOL = '", "tool": "';
const RESULT = '", "result": "';
const END = '"}';

/**
 * The fields of a body as the shell line of this project's first description sends it. That line puts `jq -Rs`, which
 * prints a quoted JSON string, between quotes of its own, so what arrives is not JSON:
 *
 *     {"session": "abc", "tool": "Bash", "result": ""hello\n""}
 *
 * Exactly this shape is read, anything else gives undefined. The line break is the one `echo` adds.
 */
export function readSeedLine(text: string): { session: string; tool: string; result: string } | undefined {
  const body = text.trim();
  if (!body.startsWith(SESSION) || !body.endsWith(END)) return undefined;
  const tool = body.indexOf(TOOL, SESSION.length);
  const result = tool === -1 ? -1 : body.indexOf(RESULT, tool + TOOL.length);
  if (result === -1) return undefined;
  const printed = readString(body.slice(result + RESULT.length, -END.length));
  if (printed === undefined) return undefined;
  return {
    session: body.slice(SESSION.length, tool),
    tool: body.slice(tool + TOOL.length, result),
    result: printed.replace(/\n$/u, ""),
  };
}

function readString(literal: string): string | undefined {
  if (!literal.startsWith('"')) return undefined;
  try {
    const value: unknown = JSON.parse(literal);
    return typeof value === "string" ? value : undefined;
  } catch {
    return undefined;
  }
}
