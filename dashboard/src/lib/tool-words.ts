import type { CommandLog } from "../../../src/contract/command-log.ts";

type Input = CommandLog["input"];

/** The field that tells a call apart from others of the same tool, in the order of preference. */
const TELLING = [
  "command", "file_path", "notebook_path", "path", "pattern", "query", "url", "description", "prompt", "skill", "subject",
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
export const isFailure = (log: Pick<CommandLog, "status">): boolean => log.status === "failed" || log.status === "denied";

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

/** A call's input for reading: the command or the change itself, not its JSON. */
export function inputParts(log: Pick<CommandLog, "tool" | "input">): InputPart[] {
  const { input } = log;
  const command = field(input, "command");
  const note = field(input, "description");
  if (command !== undefined) return [{ kind: "code", text: command }, ...(note ? [{ kind: "note" as const, text: note }] : [])];
  const before = field(input, "old_string");
  const after = field(input, "new_string");
  if (before !== undefined || after !== undefined) {
    return [
      { kind: "note", text: field(input, "file_path") ?? "" },
      ...(before ? [{ kind: "removed" as const, text: before }] : []),
      ...(after ? [{ kind: "added" as const, text: after }] : []),
    ];
  }
  const content = field(input, "content");
  const file = field(input, "file_path");
  if (content !== undefined && file !== undefined) return [{ kind: "note", text: file }, { kind: "added", text: content }];
  return [{ kind: "code", text: typeof input === "string" ? input : JSON.stringify(input, null, 2) }];
}
