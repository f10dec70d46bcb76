/** The field of a tool's input that says most about the call, most telling first. */
const telling: readonly string[] = [
  "command",
  "file_path",
  "notebook_path",
  "pattern",
  "url",
  "query",
  "description",
  "path",
  "skill",
  "prompt",
];

const MAX_SUMMARY = 300;

/** One line about a tool call: its command, its file, what it looks for; empty when nothing of that is there. */
export function toolSummary(input: unknown): string {
  if (typeof input !== "object" || input === null || Array.isArray(input)) return "";
  const fields = new Map<string, unknown>(Object.entries(input));
  const name = telling.find((field) => typeof fields.get(field) === "string");
  const text = String(name === undefined ? "" : fields.get(name)).trim();
  const line = text.split("\n", 1)[0] ?? "";
  return line.length > MAX_SUMMARY || line.length < text.length ? `${line.slice(0, MAX_SUMMARY - 1)}…` : line;
}

/** `Bash: npm test`, in one line. */
export function toolActivity(tool: string, input: unknown): string {
  const summary = toolSummary(input);
  return summary === "" ? tool : `${tool}: ${summary}`;
}
