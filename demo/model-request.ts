import type { IncomingMessage } from "node:http";
import { z } from "zod";
import { Message } from "./script.ts";

/** An answer as the real API gives it when it refuses: a status, a type, a text. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly status: number;
  readonly type: string;

  constructor(status: number, message: string, type: string = typeOf(status)) {
    super(message);
    this.status = status;
    this.type = type;
  }
}

const TYPES: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  403: "permission_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
  529: "overloaded_error",
};
export const typeOf = (status: number): string => TYPES[status] ?? "api_error";

const MAX_BODY_BYTES = 64 * 1024 * 1024;

const Body = z.object({
  model: z.string().min(1),
  max_tokens: z.int().min(1).optional(),
  stream: z.boolean().default(false),
  messages: z.array(Message).min(1),
  system: z.union([z.string(), z.array(z.looseObject({ text: z.string().optional() }))]).optional(),
});
export type ModelRequest = z.infer<typeof Body> & { letters: number };

/** The request's body when the real API would take it; a Refusal otherwise. */
export async function readModelRequest(req: IncomingMessage): Promise<ModelRequest> {
  if (credentialOf(req) === undefined) throw new Refusal(401, "x-api-key header is required");
  if (req.headers["anthropic-version"] === undefined) throw new Refusal(400, "anthropic-version: header is required");
  const text = await readBody(req);
  const parsed = Body.safeParse(parseJson(text));
  if (!parsed.success) throw new Refusal(400, z.prettifyError(parsed.error));
  checkToolPairs(parsed.data.messages);
  return { ...parsed.data, letters: text.length };
}

/** The key or token a request carries, whichever way. */
export function credentialOf(req: IncomingMessage): string | undefined {
  const key = req.headers["x-api-key"];
  if (typeof key === "string" && key !== "") return key;
  return /^Bearer (\S+)$/.exec(req.headers.authorization ?? "")?.[1];
}

async function readBody(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new Refusal(413, "Request exceeds the maximum size");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Refusal(400, "The request body is not valid JSON");
  }
}

/** Every tool call needs its result in the next message and every result its call: where a broken resume shows. */
function checkToolPairs(messages: readonly z.infer<typeof Message>[]): void {
  for (const [at, message] of messages.entries()) {
    if (message.role === "system") continue;
    const calls = message.role === "assistant" ? idsOf(message, "tool_use") : [];
    const next = messages.slice(at + 1).find(({ role }) => role !== "system");
    const results = new Set(next ? idsOf(next, "tool_result") : []);
    const open = calls.find((id) => !results.has(id));
    if (open !== undefined) throw new Refusal(400, `messages.${at}: tool_use ${open} has no tool_result after it`);
    const before = messages.slice(0, at).findLast(({ role }) => role !== "system");
    const known = new Set(before ? idsOf(before, "tool_use") : []);
    const stray = message.role === "user" ? idsOf(message, "tool_result").find((id) => !known.has(id)) : undefined;
    if (stray !== undefined) throw new Refusal(400, `messages.${at}: tool_result ${stray} has no tool_use before it`);
  }
}

function idsOf({ content }: z.infer<typeof Message>, type: "tool_use" | "tool_result"): string[] {
  if (typeof content === "string") return [];
  return content.filter((block) => block.type === type).flatMap(({ id, tool_use_id }) => id ?? tool_use_id ?? []);
}
