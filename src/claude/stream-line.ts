import { z } from "zod";

/*
 * The lines of `claude --output-format stream-json` that we understand, as they stand on the wire. The shapes are
 * loose on purpose: what is missing gets a harmless value, what is unknown is ignored, and no line can fail a run.
 */

const text = z.string().catch("");
const count = z.number().catch(0);
const orNull = <T extends z.ZodType>(shape: T) => shape.nullable().catch(null);
const agent = orNull(z.string());

export const SystemLine = z.object({
  type: z.literal("system"),
  subtype: z.string(),
  session_id: text,
  cwd: text,
  model: text,
  permissionMode: text,
  claude_code_version: text,
  attempt: count,
  max_retries: count,
  retry_delay_ms: count,
  error_status: orNull(z.number()),
  error: text,
});
export type SystemLine = z.infer<typeof SystemLine>;

const Block = z.discriminatedUnion("type", [
  z.object({ type: z.literal("text"), text: z.string() }),
  z.object({ type: z.literal("tool_use"), id: z.string(), name: z.string(), input: z.unknown().optional() }),
  z.object({
    type: z.literal("tool_result"),
    tool_use_id: z.string(),
    content: z.unknown().optional(),
    is_error: z.boolean().catch(false),
  }),
]);
export type Block = z.infer<typeof Block>;

/** Blocks of a type that we do not know (thinking, server tools) count, so they stay in the list as null. */
const Content = z.union([z.string(), z.array(orNull(Block))]).catch([]);

export const AssistantLine = z.object({
  type: z.literal("assistant"),
  parent_tool_use_id: agent,
  message: z.object({ id: text, content: Content }),
});
export type AssistantLine = z.infer<typeof AssistantLine>;

export const UserLine = z.object({
  type: z.literal("user"),
  parent_tool_use_id: agent,
  isReplay: z.boolean().catch(false),
  message: z.object({ content: Content }),
  tool_result_meta: z
    .array(z.object({ id: text, permission_decision: z.object({ decision: text }).catch({ decision: "" }) }))
    .catch([]),
});
export type UserLine = z.infer<typeof UserLine>;

export const PartialLine = z.object({
  type: z.literal("stream_event"),
  parent_tool_use_id: agent,
  api_message_id: text,
  event: z.object({
    type: z.string(),
    index: count,
    message: z.object({ id: text }).catch({ id: "" }),
    delta: z.object({ type: text, text }).catch({ type: "", text: "" }),
  }),
});
export type PartialLine = z.infer<typeof PartialLine>;

export const LimitLine = z.object({
  type: z.literal("rate_limit_event"),
  rate_limit_info: z.object({ status: text, resetsAt: orNull(z.number()), rateLimitType: text }),
});
export type LimitLine = z.infer<typeof LimitLine>;

/** Where a line we wrote into the input stands; `command_uuid` is the uuid that line had. */
export const LifecycleLine = z.object({ type: z.literal("command_lifecycle"), command_uuid: text, state: text });
export type LifecycleLine = z.infer<typeof LifecycleLine>;

const ModelUsage = z.object({
  inputTokens: count,
  outputTokens: count,
  cacheReadInputTokens: count,
  cacheCreationInputTokens: count,
  costUSD: count,
});

export const ResultLine = z.object({
  type: z.literal("result"),
  subtype: text,
  is_error: z.boolean().catch(true),
  result: orNull(z.string()),
  structured_output: z.unknown().optional(),
  session_id: text,
  num_turns: count,
  duration_ms: count,
  duration_api_ms: count,
  ttft_ms: orNull(z.number()),
  total_cost_usd: count,
  stop_reason: orNull(z.string()),
  terminal_reason: orNull(z.string()),
  api_error_status: orNull(z.number()),
  errors: z.array(z.string()).catch([]),
  usage: z
    .object({
      input_tokens: count,
      output_tokens: count,
      cache_read_input_tokens: count,
      cache_creation_input_tokens: count,
    })
    .catch({ input_tokens: 0, output_tokens: 0, cache_read_input_tokens: 0, cache_creation_input_tokens: 0 }),
  model_usage_since_last_result: orNull(z.record(z.string(), ModelUsage)),
  permission_denials: z
    .array(z.object({ tool_name: text, tool_use_id: text, tool_input: z.unknown().optional() }))
    .catch([]),
});
export type ResultLine = z.infer<typeof ResultLine>;

export const StreamLine = z.discriminatedUnion("type", [
  SystemLine,
  AssistantLine,
  UserLine,
  PartialLine,
  LimitLine,
  LifecycleLine,
  ResultLine,
]);
export type StreamLine = z.infer<typeof StreamLine>;
