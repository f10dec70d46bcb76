import { z } from "zod";

/*
 * What the scripted model says. A prompt may carry its own script: `MOCK[{"bash":"ls"},{"text":"Done."}]`. Each step is
 * one call of the model; which one is due is counted in the conversation itself, so a restart of anything changes nothing.
 */

const Call = z.union([
  z.strictObject({ bash: z.string() }),
  z.strictObject({ read: z.string() }),
  z.strictObject({ write: z.strictObject({ path: z.string(), content: z.string() }) }),
  z.strictObject({ edit: z.strictObject({ path: z.string(), old: z.string(), new: z.string() }) }),
  z.strictObject({ tool: z.strictObject({ name: z.string(), input: z.record(z.string(), z.json()) }) }),
]);
type Call = z.infer<typeof Call>;

const Trouble = z.strictObject({
  status: z.int().min(400).max(599),
  type: z.string().optional(),
  message: z.string().optional(),
  retryAfter: z.int().min(0).optional(),
  /** How often before the step goes on as if nothing had been; every time when absent. */
  times: z.int().min(1).optional(),
});

export const Step = z.strictObject({
  thinking: z.string().optional(),
  text: z.string().optional(),
  /** One tool call, written short … */
  bash: z.string().optional(),
  read: z.string().optional(),
  write: z.strictObject({ path: z.string(), content: z.string() }).optional(),
  edit: z.strictObject({ path: z.string(), old: z.string(), new: z.string() }).optional(),
  tool: z.strictObject({ name: z.string(), input: z.record(z.string(), z.json()) }).optional(),
  /** … or several in one step. */
  calls: z.array(Call).max(50).optional(),
  /** Waits before the answer begins. */
  delayMs: z.int().min(0).max(600_000).optional(),
  /** Waits between two pieces of text. */
  paceMs: z.int().min(0).max(60_000).optional(),
  error: Trouble.optional(),
  /** Drops the connection in the middle of the answer. */
  cut: z.boolean().optional(),
});
export type Step = z.infer<typeof Step>;

const ContentBlock = z.looseObject({
  type: z.string(),
  text: z.string().optional(),
  id: z.string().optional(),
  tool_use_id: z.string().optional(),
});
export const Message = z.object({
  role: z.enum(["user", "assistant", "system"]),
  content: z.union([z.string(), z.array(ContentBlock)]),
});
export type Message = z.infer<typeof Message>;

/** What a scenario may decide by. */
export interface ScriptRequest {
  /** The newest thing the user said, without what the CLI adds. */
  text: string;
  /** How many answers were given since: 0 for the first. */
  step: number;
  sessionId: string;
  model: string;
  /** The whole conversation, for what looks further back than the newest prompt. */
  messages: readonly Message[];
}

/** Where the conversation stands: what was asked last, and how many answers it got so far. */
export function findPlace(messages: readonly Message[]): { text: string; step: number } {
  let step = 0;
  for (const message of messages.toReversed()) {
    if (message.role === "assistant") step++;
    const text = message.role === "user" ? saidBy(message) : "";
    if (text !== "") return { text, step };
  }
  return { text: "", step };
}

/** A user's own words: no tool results, no reminders of the CLI, no notes about interrupted requests. */
function saidBy({ content }: Message): string {
  const texts =
    typeof content === "string"
      ? [content]
      : content.flatMap((block) => (block.type === "text" && block.text ? [block.text] : []));
  return texts
    .map((text) => text.replaceAll(/<(system-reminder|local-command-\w+|command-\w+)>[\s\S]*?<\/\1>/g, "").trim())
    .filter((text) => text !== "" && !text.startsWith("[Request interrupted"))
    .join("\n");
}

/** The script in a prompt; undefined when it has none. Throws on one that is not well formed, and says why. */
export function findScript(text: string): Step[] | undefined {
  const start = text.indexOf("MOCK[");
  if (start === -1) return undefined;
  return z.array(Step).parse(JSON.parse(balanced(text, start + "MOCK".length)));
}

/** The text from the bracket at `start` to the one that closes it. */
function balanced(text: string, start: number): string {
  let depth = 0;
  let quoted = false;
  for (let at = start; at < text.length; at++) {
    const letter = text[at];
    if (letter === "\\") at++;
    else if (letter === '"') quoted = !quoted;
    else if (!quoted && letter === "[") depth++;
    else if (!quoted && letter === "]" && --depth === 0) return text.slice(start, at + 1);
  }
  throw new Error("MOCK[ is not closed");
}

export interface ToolUse {
  name: string;
  input: Record<string, unknown>;
}

/** The tool calls of a step, as Claude Code's tools want them. */
export function toolUses(step: Step): ToolUse[] {
  const { bash, read, write, edit, tool, calls = [] } = step;
  const short: (Call | undefined)[] = [
    bash === undefined ? undefined : { bash },
    read === undefined ? undefined : { read },
    write && { write },
    edit && { edit },
    tool && { tool },
  ];
  return [...short, ...calls].flatMap((call) => (call ? [toolUse(call)] : []));
}

function toolUse(call: Call): ToolUse {
  if ("bash" in call) return { name: "Bash", input: { command: call.bash, description: "Run a command" } };
  if ("read" in call) return { name: "Read", input: { file_path: call.read } };
  if ("write" in call) return { name: "Write", input: { file_path: call.write.path, content: call.write.content } };
  if ("edit" in call) {
    return { name: "Edit", input: { file_path: call.edit.path, old_string: call.edit.old, new_string: call.edit.new } };
  }
  return call.tool;
}
