import type { Request, Response } from "express";
import { z } from "zod";
import type { RouteSpec } from "./route-spec.ts";

const replies = new WeakSet<object>();

/** A handler's answer together with its own status or headers, such as `Location`. */
export interface Reply<T> {
  value: T;
  status?: number;
  headers?: Readonly<Record<string, string>>;
}

export function reply<T>(value: T, options: Omit<Reply<T>, "value">): Reply<T> {
  const answer = { value, ...options };
  replies.add(answer);
  return answer;
}

const isReply = (answer: unknown): answer is Reply<unknown> =>
  typeof answer === "object" && answer !== null && replies.has(answer);

interface Place {
  req: Request;
  res: Response;
  spec: RouteSpec;
  line: string;
}

/** Sends what a handler returned; does nothing when the handler has written to `res` itself. */
export function sendAnswer(answer: unknown, place: Place): void {
  const { res, spec } = place;
  if (res.headersSent || res.destroyed) return;
  const { value, status, headers }: Reply<unknown> = isReply(answer) ? answer : { value: answer };
  for (const [name, text] of Object.entries(headers ?? {})) res.setHeader(name, text);
  res.status(status ?? spec.status ?? (spec.response ? 200 : 204));
  if (spec.response) res.json(checked(value, spec.response, place));
  else res.end();
}

/**
 * The answer as its shape describes it, without fields the contract does not know. An answer that does not fit is our
 * bug: it answers 500 while developing and is sent as it is, and logged, in production.
 */
function checked(value: unknown, shape: z.ZodType, { req, line }: Place): unknown {
  const result = shape.safeParse(value);
  if (result.success) return result.data;
  const problem = new Error(`The answer of ${line} does not fit its contract: ${z.prettifyError(result.error)}`);
  if (req.app.get("env") !== "production") throw problem;
  req.log.error({ err: problem }, "answer does not fit the contract");
  return value;
}
