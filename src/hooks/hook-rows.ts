import { createHash, randomUUID } from "node:crypto";
import { capText, type Json } from "../lib/text.ts";
import { toolActivity, toolSummary } from "../lib/tool-summary.ts";
import { toolEventKey } from "./command-log-queries.ts";
import type { HookCall, HookNews, HookRecord } from "./hook-body.ts";
import type { HookRow } from "./hook-queries.ts";

/** The same hook without an id, heard again within one or two of these, is a repetition and not a second event. */
const REPEAT_MS = 2_000;
const MAX_TITLE = 80;
const MAX_ACTIVITY = 300;

export interface HookContext {
  sessionId: string;
  /** The run whose token the hook carries. Its stream tells the messages and the status; here nobody else does. */
  runId?: string | undefined;
  /** The body as it came, and when: what tells a repetition of a hook that has no id. */
  text: string;
  receivedAt: number;
}

/** A hook as the rows to be written; none when there is nothing to keep. */
export function hookRows(record: HookRecord, context: HookContext): HookRow[] {
  const { news } = record;
  if (news.kind === "tool") return [toolRow(news.call, record, context)];
  if (news.kind === "batch") return news.calls.map((call) => ({ ...toolRow(call, record, context), settles: true }));
  const heard: Heard = { ...origin(record, context), ...repeatKeys(context), type: "hook", data: record.data };
  if (news.kind === "notification") return [{ ...heard, type: "notification", activity: oneLine(news.message) }];
  return [context.runId === undefined ? onlyWitness(news, heard) : heard];
}

type Heard = Pick<HookRow, "session_id" | "claude_id" | "run_id" | "key" | "earlier_key" | "type" | "data">;

const origin = ({ claudeSessionId }: HookRecord, { sessionId, runId }: HookContext) => ({
  session_id: sessionId,
  ...(runId === undefined ? { claude_id: claudeSessionId } : { run_id: runId }),
});

/** No stream of ours tells this: the hook makes the message and moves the session. */
function onlyWitness(news: HookNews, heard: Heard): HookRow {
  switch (news.kind) {
    case "prompt":
      return { ...messageRow(heard, "inbound", news.text), title: titleOf(news.text), next_status: "running" };
    case "stop":
      return stopRow(heard, news);
    case "end":
      return { ...heard, next_status: "completed" };
    default:
      return heard;
  }
}

function toolRow(call: HookCall, record: HookRecord, context: HookContext): HookRow {
  const { toolUseId } = call;
  return {
    ...origin(record, context),
    ...(toolUseId === null ? repeatKeys(context) : { key: toolEventKey(toolUseId), tool_use_id: toolUseId }),
    type: "tool",
    data: { summary: toolSummary(call.input) },
    activity: toolActivity(call.tool, call.input),
    tool: call.tool,
    input: call.input,
    status: call.status,
    ...(context.runId === undefined && { next_status: "running" }),
    ...compact({ agent_id: record.agentId, result: call.result, duration_ms: call.durationMs }),
  };
}

function messageRow(heard: Heard, direction: "inbound" | "outbound", content: string): HookRow {
  const id = randomUUID();
  const source = direction === "inbound" ? "cli" : "claude";
  const data: Record<string, Json> = { messageId: id, direction };
  return { ...heard, type: "message", data, message_id: id, direction, source, content, activity: oneLine(content) };
}

/** Claude stopped: what it said last is a message, and the session rests or has failed. */
function stopRow(heard: Heard, { text, failed }: { text: string | null; failed: string | null }): HookRow {
  const next_status = failed === null ? "completed" : "failed";
  return text === null ? { ...heard, next_status } : { ...messageRow(heard, "outbound", text), next_status };
}

function repeatKeys({ text, receivedAt }: HookContext): { key: string; earlier_key: string } {
  const slot = Math.floor(receivedAt / REPEAT_MS);
  const hash = createHash("sha256").update(text).digest("base64url").slice(0, 22);
  return { key: `hook:${hash}:${slot}`, earlier_key: `hook:${hash}:${slot - 1}` };
}

/** The fields that are not null. */
const compact = <T extends object>(fields: T) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null)) as {
    [K in keyof T]?: NonNullable<T[K]>;
  };

const oneLine = (text: string): string => capText(text.trim().split("\n", 1)[0] ?? "", MAX_ACTIVITY);

/** What a session that a person started is called: the first line of what they asked. */
export function titleOf(prompt: string): string {
  const line = prompt.trim().split("\n", 1)[0]?.trim() ?? "";
  if (line === "") return "Claude session";
  return line.length > MAX_TITLE
    ? `${line
        .slice(0, MAX_TITLE - 1)
        .toWellFormed()
        .trimEnd()}…`
    : line;
}
