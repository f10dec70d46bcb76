import type { CommandLog } from "../../../src/contract/command-log.ts";

type Input = CommandLog["input"];

/** The field that tells a call apart from others of the same tool, in the order of preference. */
const TELLING = [
  "command",
  "file_path",
  "notebook_path",
  "path",
  "pattern",
  "query",
  "url",
  "description",
  "prompt",
  "skill",
  "subject",
] as const;

function field(input: Input, name: string): string | undefined {
  if (typeof input !== "object" || input === null || Array.isArray(input)) return undefined;
  const value = input[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** A path inside the workspace, without the part that every path of it has in common. */
export function insideWorkspace(path: string, workspacePath: string | null): string {
  return workspacePath && path.startsWith(`${workspacePath}/`) ? path.slice(workspacePath.length + 1) : path;
}

/** One line that says what a call did: the command, the file, the pattern. */
export function callSummary(log: Pick<CommandLog, "tool" | "input">, workspacePath: string | null): string {
  const preferred = log.tool === "Agent" || log.tool === "Task" ? field(log.input, "description") : undefined;
  const name = TELLING.find((candidate) => field(log.input, candidate) !== undefined);
  const text = preferred ?? (name && field(log.input, name)) ?? "";
  return insideWorkspace(text, workspacePath).split("\n")[0] ?? "";
}

/** `Bash 4, Edit 2`, the most used first. */
export function toolCounts(logs: readonly Pick<CommandLog, "tool">[]): string {
  const counts = new Map<string, number>();
  for (const { tool } of logs) counts.set(tool, (counts.get(tool) ?? 0) + 1);
  return [...counts]
    .toSorted((a, b) => b[1] - a[1])
    .map(([tool, times]) => `${tool} ${times}`)
    .join(", ");
}

/** Whether a call did not do what it was asked: failed, or not allowed to. */
export const isFailure = (log: Pick<CommandLog, "status">): boolean =>
  log.status === "failed" || log.status === "denied";

export const totalMs = (logs: readonly Pick<CommandLog, "durationMs">[]): number =>
  logs.reduce((sum, log) => sum + (log.durationMs ?? 0), 0);

/** The rule of Claude's permission language that would have allowed a denied call. */
export function allowingRule(denial: { tool: string; input: Input }): string {
  const command = denial.tool === "Bash" ? field(denial.input, "command") : undefined;
  if (command === undefined) return denial.tool;
  const words = command.trim().split(/\s+/u);
  const plain = !/[\n;&|<>$`(){}"'\\]/u.test(command) && command.length < 200;
  return plain ? `Bash(${words.join(" ")})` : `Bash(${words[0] ?? ""} *)`;
}

export interface InputPart {
  kind: "code" | "added" | "removed" | "note";
  text: string;
}

const part = (kind: InputPart["kind"], text: string | undefined): InputPart[] => (text ? [{ kind, text }] : []);

/** A call's input for reading: the command or the change itself, not its JSON. */
export function inputParts({ input }: Pick<CommandLog, "input">): InputPart[] {
  const of = (name: string) => field(input, name);
  if (of("command")) return [...part("code", of("command")), ...part("note", of("description"))];
  if (of("old_string") ?? of("new_string"))
    return [...part("note", of("file_path")), ...part("removed", of("old_string")), ...part("added", of("new_string"))];
  if (of("content") && of("file_path")) return [...part("note", of("file_path")), ...part("added", of("content"))];
  return part("code", typeof input === "string" ? input : JSON.stringify(input, null, 2));
}
