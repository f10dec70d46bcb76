import type { Request, Response } from "express";
import type { z } from "zod";
import type { Caller } from "../auth/caller.ts";

export const METHODS = ["get", "post", "put", "patch", "delete"] as const;
export type Method = (typeof METHODS)[number];
export type Shape = z.ZodType;

/** `/api/sessions/:id` → `{ id: string }` */
export type PathParams<Path extends string> = Path extends `${string}:${infer Name}/${infer Rest}`
  ? { [K in Name]: string } & PathParams<`/${Rest}`>
  : Path extends `${string}:${infer Name}`
    ? { [K in Name]: string }
    : unknown;

export interface RouteSpec<
  P extends Shape = Shape,
  Q extends Shape = Shape,
  B extends Shape = Shape,
  R extends Shape = Shape,
> {
  summary: string;
  description?: string;
  tags?: readonly string[];
  operationId?: string;
  params?: P;
  query?: Q;
  /** An object shape is strict: an unknown field answers 400 unless `passthrough` is set. */
  body?: B;
  passthrough?: boolean;
  /** Absent: the answer is empty (204), unless the handler writes to `res` itself. */
  response?: R;
  status?: number;
  /** Headers of the answer, name → what it holds; for the documentation only. */
  headers?: Readonly<Record<string, string>>;
  /** Content type the handler writes to `res` itself, such as text/event-stream. */
  produces?: string;
}

export interface RouteContext<P, Q, B> {
  params: P;
  query: Q;
  body: B;
  readonly caller: Caller;
  req: Request;
  res: Response;
  /** Aborts when the client goes away before the answer is complete. */
  signal: AbortSignal;
}

export interface RegisteredRoute {
  method: Method;
  path: string;
  spec: RouteSpec;
}
