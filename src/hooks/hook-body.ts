import type { z } from "zod";
import { NativeHook, NativeToolHook, NotificationHook, ToolComplete } from "../contract/hook.ts";
import { safeParse } from "../contract/safe-parse.ts";
import { AppError, invalidField } from "../lib/errors.ts";
import { capJson, capText, type Json } from "../lib/text.ts";
import { readSeedLine } from "./seed-line.ts";
import { responseText } from "./tool-text.ts";

export type CallStatus = "running" | "succeeded" | "failed" | "denied";

/** One tool call as one hook tells of it; null is what it does not know. */
export interface HookCall {
  toolUseId: string | null;
  tool: string;
  input: Json;
  result: string | null;
  status: CallStatus;
  durationMs: number | null;
}

/** What a hook means to us. */
export type HookNews =
  | { kind: "tool"; call: HookCall }
  /** The calls of one model message are over: those still open were refused or failed without a hook of their own. */
  | { kind: "batch"; calls: HookCall[] }
  | { kind: "prompt"; text: string }
  /** Claude stopped; `failed` names the error when it could not answer. */
  | { kind: "stop"; text: string | null; failed: string | null }
  | { kind: "end" }
  | { kind: "notification"; message: string }
  | { kind: "other" };

export interface HookRecord {
  /** Claude's id of the conversation; in bodies of the old shape it may be our id of the session. */
  claudeSessionId: string;
  cwd: string | null;
  event: string;
  agentId: string | null;
  /** The body for the feed, small: `{ event, … }`; empty for tool calls, which have rows of their own. */
  data: Record<string, Json>;
  news: HookNews;
}

/** Where a hook was posted; it decides how a body of the old shape is read. */
export type HookDoor = "hooks" | "tool-complete" | "notification";

/** The most characters of one field that the feed keeps of a hook we have no other use for. */
const MAX_FIELD = 4_000;
const MAX_FIELDS = 50;
const MAX_BATCH = 200;
const MAX_MESSAGE = 1_000_000;
const MAX_INT = 2_147_483_647;

/** Said better by the row it belongs to, or of no use on another machine. */
const NOT_KEPT = new Set(["session_id", "transcript_path", "hook_event_name", "agent_transcript_path", "session"]);

/** A hook's body as text → what it says. Throws "invalid", naming the field, for what cannot be read. */
export function readHook(text: string, door: HookDoor): HookRecord {
  const body = readObject(text, door);
  if (door !== "hooks" && !("session_id" in body))
    return door === "notification" ? oldNotification(body) : oldToolComplete(body);
  return nativeHook(body);
}

function readObject(text: string, door: HookDoor): Record<string, unknown> {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (cause) {
    const recovered = door === "tool-complete" ? readSeedLine(text) : undefined;
    if (!recovered)
      throw new AppError("invalid", "body is not valid JSON", {
        cause,
        errors: [{ field: "body", message: "is not valid JSON" }],
      });
    return recovered;
  }
  if (typeof body !== "object" || body === null || Array.isArray(body))
    throw invalidField("body", "must be a JSON object");
  return body as Record<string, unknown>;
}

function check<Shape extends z.ZodObject>(shape: Shape, body: Record<string, unknown>): z.output<Shape> {
  const result = safeParse(shape, body);
  if (result.success) return result.data;
  const errors = result.error.issues.map(({ path, message }) => {
    const absent = path.length === 1 && body[String(path[0])] === undefined;
    return { field: `body.${path.join(".")}`, message: absent ? "is required" : message };
  });
  throw new AppError("invalid", errors.map(({ field, message }) => `${field} ${message}`).join("; "), { errors });
}

function nativeHook(body: Record<string, unknown>): HookRecord {
  const hook = check(NativeHook, body);
  const event = capText(hook.hook_event_name);
  const news = readNews(hook);
  const told = news.kind === "tool" || news.kind === "batch";
  return {
    claudeSessionId: capText(hook.session_id),
    cwd: textOf(hook.cwd),
    event,
    agentId: textOf(hook.agent_id),
    data: told ? {} : { event, ...smallFields(body) },
    news,
  };
}

function readNews(hook: NativeHook): HookNews {
  const status = TOOL_EVENTS.get(hook.hook_event_name);
  if (status) return { kind: "tool", call: readCall(hook, status) };
  switch (hook.hook_event_name) {
    case "PostToolBatch":
      return { kind: "batch", calls: readBatch(hook["tool_calls"]) };
    case "UserPromptSubmit":
      return typeof hook["prompt"] === "string"
        ? { kind: "prompt", text: capText(hook["prompt"], MAX_MESSAGE) }
        : { kind: "other" };
    case "Stop":
    case "StopFailure":
      return readStop(hook);
    case "SessionEnd":
      return { kind: "end" };
    case "Notification":
      return { kind: "notification", message: textOf(hook["message"], MAX_FIELD) ?? "" };
    default:
      return { kind: "other" };
  }
}

const TOOL_EVENTS: ReadonlyMap<string, CallStatus> = new Map([
  ["PreToolUse", "running"],
  ["PostToolUse", "succeeded"],
  ["PostToolUseFailure", "failed"],
  ["PermissionDenied", "denied"],
]);

function readCall(hook: NativeHook, status: CallStatus): HookCall {
  const { tool_name: tool, tool_input: input } = check(NativeToolHook, hook);
  const answer = status === "succeeded" ? hook["tool_response"] : (hook["error"] ?? hook["reason"]);
  return {
    toolUseId: textOf(hook.tool_use_id),
    tool: capText(tool),
    input: capJson(input),
    result: answerText(answer),
    status,
    durationMs: wholeMs(hook.duration_ms),
  };
}

/** The calls of a PostToolBatch. Their text is all there is: an error of the tool carries a tag, the rest was not allowed. */
function readBatch(calls: unknown): HookCall[] {
  if (!Array.isArray(calls)) return [];
  return calls.slice(0, MAX_BATCH).flatMap((call: unknown) => {
    const found = NativeToolHook.pick({ tool_name: true, tool_use_id: true, tool_input: true }).loose().safeParse(call);
    if (!found.success || !found.data.tool_use_id) return [];
    const result = answerText(found.data["tool_response"]);
    const failed = result?.startsWith("<tool_use_error>") === true;
    const { tool_name: tool, tool_use_id: toolUseId, tool_input: input } = found.data;
    const status = failed ? ("failed" as const) : ("denied" as const);
    return [
      { toolUseId: capText(toolUseId), tool: capText(tool), input: capJson(input), result, status, durationMs: null },
    ];
  });
}

function readStop(hook: NativeHook): HookNews {
  const failed = hook.hook_event_name === "StopFailure" ? (textOf(hook["error"], MAX_FIELD) ?? "error") : null;
  return { kind: "stop", text: textOf(hook["last_assistant_message"], MAX_MESSAGE), failed };
}

function oldToolComplete(body: Record<string, unknown>): HookRecord {
  const { session, tool, result, input, duration_ms } = check(ToolComplete, body);
  const call: HookCall = {
    toolUseId: null,
    tool: capText(tool),
    input: capJson(typeof input === "string" ? jsonOr(input) : input),
    result: answerText(result),
    status: "succeeded",
    durationMs: wholeMs(duration_ms),
  };
  return {
    claudeSessionId: capText(session),
    cwd: null,
    event: "tool-complete",
    agentId: null,
    data: {},
    news: { kind: "tool", call },
  };
}

function oldNotification(body: Record<string, unknown>): HookRecord {
  const { session, message } = check(NotificationHook, body);
  return {
    claudeSessionId: capText(session),
    cwd: null,
    event: "notification",
    agentId: null,
    data: { event: "notification", ...smallFields(body) },
    news: { kind: "notification", message: capText(message, MAX_FIELD) },
  };
}

/** A shell hands over JSON as text. */
function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** A text with something in it, as the ledger keeps it; null for anything else. */
const textOf = (value: unknown, max?: number): string | null =>
  typeof value === "string" && value !== "" ? capText(value, max) : null;

/** What a tool answered, cut; an empty answer is one, no answer is null. */
function answerText(response: unknown): string | null {
  const text = responseText(response);
  return text === null ? null : capText(text);
}

const wholeMs = (ms: number | null | undefined): number | null =>
  ms === null || ms === undefined ? null : Math.min(MAX_INT, Math.round(ms));

function smallFields(body: Record<string, unknown>): Record<string, Json> {
  const fields = Object.entries(body)
    .filter(([name]) => !NOT_KEPT.has(name))
    .slice(0, MAX_FIELDS)
    .map(([name, value]): [string, Json] => [capText(name, 200), smallValue(value)]);
  return Object.fromEntries(fields);
}

function smallValue(value: unknown): Json {
  if (typeof value === "string") return capText(value, MAX_FIELD);
  const kept = capJson(value);
  const text = JSON.stringify(kept);
  return text.length <= MAX_FIELD ? kept : capText(text, MAX_FIELD);
}
