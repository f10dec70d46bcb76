import { randomUUID } from "node:crypto";
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { toolUses, type Step } from "./script.ts";

type Block =
  | { type: "thinking"; thinking: string; signature: string }
  | { type: "text"; text: string }
  | { type: "tool_use"; id: string; name: string; input: Record<string, unknown> };

export interface Answer {
  id: string;
  model: string;
  content: Block[];
  stopReason: "tool_use" | "end_turn";
  inputTokens: number;
  outputTokens: number;
}

export interface Pace {
  /** Letters in one piece of text. */
  letters: number;
  pauseMs: number;
}

const shortId = () => randomUUID().replaceAll("-", "").slice(0, 24);
const LETTERS_PER_TOKEN = 4;
const CUT_AFTER_MS = 20;
export const tokens = (letters: number): number => Math.max(1, Math.ceil(letters / LETTERS_PER_TOKEN));

/** A step as a message of the Messages API. A step that says nothing says “Done.”: an answer must not be empty. */
export function answerOf(step: Step, { model, requestLetters }: { model: string; requestLetters: number }): Answer {
  const content: Block[] = [];
  if (step.thinking !== undefined) content.push({ type: "thinking", thinking: step.thinking, signature: "scripted" });
  if (step.text !== undefined) content.push({ type: "text", text: step.text });
  const tools = toolUses(step);
  content.push(...tools.map((tool) => ({ type: "tool_use" as const, id: `toolu_${shortId()}`, ...tool })));
  if (content.length === 0) content.push({ type: "text", text: "Done." });
  return {
    id: `msg_${shortId()}`,
    model,
    content,
    stopReason: tools.length > 0 ? "tool_use" : "end_turn",
    inputTokens: tokens(requestLetters),
    outputTokens: tokens(JSON.stringify(content).length),
  };
}

const usage = (input: number, output: number) => ({
  input_tokens: input,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
  output_tokens: output,
  service_tier: "standard",
});

const envelope = (answer: Answer) => ({ id: answer.id, type: "message", role: "assistant", model: answer.model });

/** The whole message at once, for `stream: false`. */
export function sendWhole(res: ServerResponse, answer: Answer): void {
  const body = {
    ...envelope(answer),
    content: answer.content,
    stop_reason: answer.stopReason,
    stop_sequence: null,
    usage: usage(answer.inputTokens, answer.outputTokens),
  };
  res.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
}

/** The message as server-sent events, text in pieces. With `cut` the connection drops after the first piece. */
export async function sendStream(
  res: ServerResponse,
  answer: Answer,
  { pace, cut, signal }: { pace: Pace; cut: boolean; signal: AbortSignal },
): Promise<void> {
  const send = async (event: { type: string }) => {
    signal.throwIfAborted();
    if (!res.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)) await once(res, "drain", { signal });
  };
  res.writeHead(200, { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache" });
  const message = {
    ...envelope(answer),
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: usage(answer.inputTokens, 1),
  };
  await send(event("message_start", { message }));
  await send(event("ping", {}));
  for (const [index, block] of answer.content.entries()) {
    await send(event("content_block_start", { index, content_block: emptied(block) }));
    for (const delta of pieces(block, pace.letters)) {
      await send(event("content_block_delta", { index, delta }));
      if (cut) {
        // What was sent so far shall arrive.
        await sleep(CUT_AFTER_MS, undefined, { signal });
        res.destroy();
        return;
      }
      if (pace.pauseMs > 0) await sleep(pace.pauseMs, undefined, { signal });
    }
    await send(event("content_block_stop", { index }));
  }
  const delta = { stop_reason: answer.stopReason, stop_sequence: null };
  await send(event("message_delta", { delta, usage: { output_tokens: answer.outputTokens } }));
  await send(event("message_stop", {}));
  res.end();
}

const event = <T extends object>(type: string, rest: T) => ({ type, ...rest });

function emptied(block: Block): object {
  if (block.type === "text") return { type: "text", text: "" };
  if (block.type === "thinking") return { type: "thinking", thinking: "", signature: "" };
  return { ...block, input: {} };
}

function pieces(block: Block, letters: number): object[] {
  if (block.type === "tool_use")
    return cutUp(JSON.stringify(block.input), 4_000).map((partial_json) => ({
      type: "input_json_delta",
      partial_json,
    }));
  if (block.type === "text") return cutUp(block.text, letters).map((text) => ({ type: "text_delta", text }));
  const thoughts = cutUp(block.thinking, letters).map((thinking) => ({ type: "thinking_delta", thinking }));
  return [...thoughts, { type: "signature_delta", signature: block.signature }];
}

function cutUp(text: string, letters: number): string[] {
  const all = Array.from(text);
  const parts: string[] = [];
  for (let at = 0; at < all.length; at += letters) parts.push(all.slice(at, at + letters).join(""));
  return parts;
}
