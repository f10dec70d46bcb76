import type { PermissionDenial, Usage } from "../contract/run.ts";
import { safeParse } from "../contract/safe-parse.ts";
import { capJson, capText, type Json } from "../lib/text.ts";
import {
  StreamLine,
  type AssistantLine,
  type Block,
  type PartialLine,
  type ResultLine,
  type SystemLine,
  type UserLine,
} from "./stream-line.ts";

/** How one turn of Claude ended. A process may end several: the last one decides, cost and usage add up. */
export interface ResultEvent {
  type: "result";
  claudeSessionId: string;
  subtype: string;
  isError: boolean;
  answer: string | null;
  /** As Claude gave it; undefined when it gave none. */
  structuredOutput?: unknown;
  errors: string[];
  apiErrorStatus: number | null;
  terminalReason: string | null;
  stopReason: string | null;
  turns: number;
  durationMs: number;
  apiDurationMs: number;
  firstTokenMs: number | null;
  /** Newer CLIs count this over the whole conversation, older ones over this process. */
  totalCostUsd: number;
  /** Cost since the last result; null from CLIs that do not tell. */
  turnCostUsd: number | null;
  usage: Usage;
  denials: PermissionDenial[];
}

/** What a line of Claude's stream means to us. `agent` is the tool call that started the subagent, null for the main one. */
export type StreamEvent =
  | { type: "started"; claudeSessionId: string; model: string; version: string; permissionMode: string; cwd: string }
  | { type: "promptTaken" }
  /** A line of ours, by its uuid, was taken in: from here on Claude knows it. */
  | { type: "inputTaken"; uuid: string }
  | { type: "textDelta"; messageId: string; block: number; text: string; agent: string | null }
  | { type: "text"; messageId: string; block: number; text: string; agent: string | null }
  | { type: "toolCall"; toolUseId: string; tool: string; input: Json; agent: string | null }
  | { type: "toolResult"; toolUseId: string; result: string; isError: boolean; denied: boolean; agent: string | null }
  | { type: "retry"; attempt: number; maxRetries: number; delayMs: number; status: number | null; error: string }
  | { type: "limit"; status: string; resetsAt: number | null; limitType: string }
  | ResultEvent;

/** Which block of a message a complete line belongs to: the open one of the partial stream, else the next in order. */
export type BlockMemory = Map<string, { open: number | undefined; next: number }>;

const MAX_REMEMBERED_MESSAGES = 64;

/**
 * The events of one line; none for a line that is unknown or not JSON. Complete texts do not carry their block's
 * index, so pass the same `blocks` for all lines of one stream, from its first: then `text` and its `textDelta`s have
 * the same messageId and block.
 */
export function parseStreamLine(line: string, blocks: BlockMemory = new Map()): StreamEvent[] {
  const parsed = safeParse(StreamLine, parseJson(line));
  return parsed.success ? eventsOf(parsed.data, blocks) : [];
}

function eventsOf(line: StreamLine, blocks: BlockMemory): StreamEvent[] {
  switch (line.type) {
    case "system":
      return systemEvents(line);
    case "stream_event":
      return partialEvents(line, blocks);
    case "assistant":
      return assistantEvents(line, blocks);
    case "user":
      return userEvents(line);
    case "rate_limit_event": {
      const { status, resetsAt, rateLimitType } = line.rate_limit_info;
      return [{ type: "limit", status, resetsAt, limitType: rateLimitType }];
    }
    case "command_lifecycle":
      return line.state === "started" ? [{ type: "inputTaken", uuid: line.command_uuid }] : [];
    case "result":
      return [resultEvent(line)];
  }
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function systemEvents(line: SystemLine): StreamEvent[] {
  if (line.subtype === "init") {
    const { session_id: claudeSessionId, model, claude_code_version: version, permissionMode, cwd } = line;
    return [{ type: "started", claudeSessionId, model, version, permissionMode, cwd }];
  }
  if (line.subtype !== "api_retry") return [];
  const { attempt, max_retries: maxRetries, retry_delay_ms: delayMs, error_status: status, error } = line;
  return [{ type: "retry", attempt, maxRetries, delayMs, status, error: capText(error, 1_000) }];
}

function partialEvents(
  { event, api_message_id, parent_tool_use_id: agent }: PartialLine,
  blocks: BlockMemory,
): StreamEvent[] {
  if (event.type === "message_start") return [{ type: "promptTaken" }];
  if (event.type === "content_block_start") {
    remember(blocks, api_message_id, { open: event.index, next: event.index });
  }
  if (event.type !== "content_block_delta" || event.delta.type !== "text_delta") return [];
  return [{ type: "textDelta", messageId: api_message_id, block: event.index, text: capText(event.delta.text), agent }];
}

function assistantEvents({ message, parent_tool_use_id: agent }: AssistantLine, blocks: BlockMemory): StreamEvent[] {
  const content =
    typeof message.content === "string" ? [{ type: "text" as const, text: message.content }] : message.content;
  const events: StreamEvent[] = [{ type: "promptTaken" }];
  for (const found of content) {
    const block = takeBlock(blocks, message.id);
    if (found?.type === "text")
      events.push({ type: "text", messageId: message.id, block, text: capText(found.text), agent });
    if (found?.type === "tool_use") {
      events.push({ type: "toolCall", toolUseId: found.id, tool: found.name, input: capJson(found.input), agent });
    }
  }
  return events;
}

function remember(blocks: BlockMemory, messageId: string, memory: { open: number | undefined; next: number }): void {
  blocks.set(messageId, memory);
  for (const oldest of blocks.keys()) {
    if (blocks.size <= MAX_REMEMBERED_MESSAGES) break;
    blocks.delete(oldest);
  }
}

function takeBlock(blocks: BlockMemory, messageId: string): number {
  const memory = blocks.get(messageId);
  const block = memory?.open ?? memory?.next ?? 0;
  remember(blocks, messageId, { open: undefined, next: block + 1 });
  return block;
}

function userEvents({ message, isReplay, tool_result_meta, parent_tool_use_id: agent }: UserLine): StreamEvent[] {
  if (isReplay && !isCommandOutput(message.content)) return [{ type: "promptTaken" }];
  if (typeof message.content === "string") return [];
  const decisions = new Map(tool_result_meta.map(({ id, permission_decision }) => [id, permission_decision.decision]));
  return message.content.flatMap((block) => {
    if (block?.type !== "tool_result") return [];
    const { tool_use_id: toolUseId, is_error: isError } = block;
    const result = capText(flatten(block.content));
    const decision = decisions.get(toolUseId);
    const denied = decision === undefined ? isError && DENIAL.test(result) : decision === "reject";
    return [{ type: "toolResult" as const, toolUseId, result, isError, denied, agent }];
  });
}

/** How a refused tool call reads in versions that do not say so otherwise. */
const DENIAL =
  /^(?:This command requires approval|Claude requested permissions to |Permission to use \w+ has been denied)/;

/** `/model` and its like answer with a replayed line of their own; that is not our prompt coming back. */
const isCommandOutput = (content: string | (Block | null)[]): boolean =>
  typeof content === "string" && content.startsWith("<local-command-stdout>");

/** A tool result as one text: a string stays, text blocks are joined, anything else is named in brackets. */
function flatten(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return content === undefined || content === null ? "" : JSON.stringify(content);
  return content
    .map((part: unknown) => {
      if (typeof part !== "object" || part === null) return String(part);
      if ("text" in part && typeof part.text === "string") return part.text;
      return "type" in part && typeof part.type === "string" ? `[${part.type}]` : JSON.stringify(part);
    })
    .join("\n");
}

function resultEvent(line: ResultLine): ResultEvent {
  const models = line.model_usage_since_last_result && Object.values(line.model_usage_since_last_result);
  const sum = (pick: (model: NonNullable<typeof models>[number]) => number) =>
    (models ?? []).reduce((total, model) => total + pick(model), 0);
  return {
    type: "result",
    claudeSessionId: line.session_id,
    subtype: line.subtype,
    isError: line.is_error,
    answer: line.result === null ? null : capText(line.result, MAX_ANSWER),
    ...(line.structured_output !== undefined && { structuredOutput: line.structured_output }),
    errors: line.errors.slice(0, 20).map((error) => capText(error, 2_000)),
    apiErrorStatus: line.api_error_status,
    terminalReason: line.terminal_reason,
    stopReason: line.stop_reason,
    turns: line.num_turns,
    durationMs: line.duration_ms,
    apiDurationMs: line.duration_api_ms,
    firstTokenMs: line.ttft_ms,
    totalCostUsd: line.total_cost_usd,
    turnCostUsd: models ? sum((model) => model.costUSD) : null,
    usage: models
      ? {
          inputTokens: sum((model) => model.inputTokens),
          outputTokens: sum((model) => model.outputTokens),
          cacheReadInputTokens: sum((model) => model.cacheReadInputTokens),
          cacheCreationInputTokens: sum((model) => model.cacheCreationInputTokens),
        }
      : {
          inputTokens: line.usage.input_tokens,
          outputTokens: line.usage.output_tokens,
          cacheReadInputTokens: line.usage.cache_read_input_tokens,
          cacheCreationInputTokens: line.usage.cache_creation_input_tokens,
        },
    denials: line.permission_denials.map(({ tool_name: tool, tool_use_id: toolUseId, tool_input }) => ({
      tool,
      toolUseId,
      input: capJson(tool_input),
    })),
  };
}

/** An answer is a message: kept longer than a tool result, as long as a prompt may be. */
const MAX_ANSWER = 1_000_000;
