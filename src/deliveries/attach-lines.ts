/** How Claude says that a file goes with its answer: a line of its own, which may stand in a list, outside code. */
const ATTACH = /^ {0,3}(?:[-*+] +)?ATTACH:[ \t]*(\S.*?)[ \t]*$/u;
const FENCE = /^ {0,3}(`{3,}|~{3,})(.*)$/u;

/** An answer without the lines that name files, and the paths they name, each once. */
export function takeAttachLines(answer: string): { text: string; paths: string[] } {
  const paths = new Set<string>();
  const kept: string[] = [];
  let fence: string | undefined;
  for (const line of answer.split(/\r?\n/u)) {
    const path = fence === undefined ? ATTACH.exec(line)?.[1] : undefined;
    if (path === undefined) kept.push(line);
    else paths.add(unquoted(path));
    fence = fenceAfter(fence, line);
  }
  if (paths.size === 0) return { text: answer, paths: [] };
  return { text: kept.join("\n").trim(), paths: [...paths] };
}

/** The mark of the fence that is open after this line; undefined outside of code. */
function fenceAfter(open: string | undefined, line: string): string | undefined {
  const [, mark = "", rest = ""] = FENCE.exec(line) ?? [];
  if (mark === "") return open;
  if (open !== undefined) return mark.startsWith(open) && rest.trim() === "" ? undefined : open;
  const isCodeInLine = mark.startsWith("`") && rest.includes("`");
  return isCodeInLine ? undefined : mark;
}

/** Models like to set paths off as code or in bold. */
const unquoted = (path: string): string =>
  /^(?<quote>[`"']|\*\*)(?<inner>.+)\k<quote>$/u.exec(path)?.groups?.["inner"] ?? path;
