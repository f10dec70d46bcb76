import type { Request, Response, Router } from "express";
import type { z } from "zod";
import { type Caller, callerOf } from "../auth/caller.ts";
import { type InputReaders, inputReaders } from "./route-input.ts";
import { type Reply, sendAnswer } from "./route-answer.ts";

export { reply } from "./route-answer.ts";

const METHODS = ["get", "post", "put", "patch", "delete"] as const;
export type Method = (typeof METHODS)[number];
type Shape = z.ZodType;
type NoInput = z.ZodType<Record<string, never>>;

/** `/api/sessions/:id` → `{ id: string }` */
type PathParams<Path extends string> = Path extends `${string}:${infer Name}/${infer Rest}`
  ? { [K in Name]: string } & PathParams<`/${Rest}`>
  : Path extends `${string}:${infer Name}`
    ? { [K in Name]: string }
    : unknown;

export interface RouteSpec<P extends Shape = Shape, Q extends Shape = Shape, B extends Shape = Shape, R extends Shape = Shape> {
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

const registered = new WeakMap<Router, RegisteredRoute[]>();

/** The routes declared on these routers by `route()`, in order. */
export const routesOf = (routers: readonly Router[]): RegisteredRoute[] => routers.flatMap((router) => registered.get(router) ?? []);

/**
 * Declares one endpoint, `"POST /api/sessions/:id/stop"`: its input is parsed by the shapes of `spec` before the handler
 * runs, its answer is checked by `spec.response`, and it appears in the OpenAPI document. A handler that needs another
 * status or headers returns `reply(value, { status, headers })`.
 */
export function route<
  const Line extends `${Uppercase<Method>} /${string}`,
  P extends Shape = z.ZodType<PathParams<Line>>,
  Q extends Shape = NoInput,
  B extends Shape = z.ZodUndefined,
  R extends Shape = z.ZodVoid,
>(
  router: Router,
  line: Line,
  spec: RouteSpec<P, Q, B, R>,
  handler: (
    context: RouteContext<z.output<P>, z.output<Q>, z.output<B>>,
  ) => z.input<R> | Reply<z.input<R>> | Promise<z.input<R> | Reply<z.input<R>>>,
): void {
  const { method, path } = readLine(line);
  const readers: InputReaders<P, Q, B> = inputReaders(spec);
  registered.set(router, [...(registered.get(router) ?? []), { method, path, spec }]);
  router[method](path, async (req, res) => {
    const context = {
      params: readers.params(req.params),
      query: readers.query(req.query),
      body: readers.body(req.body),
      get caller() {
        return callerOf(req);
      },
      req,
      res,
      signal: clientGone(res),
    };
    sendAnswer(await handler(context), { req, res, spec, line });
  });
}

function readLine(line: string): { method: Method; path: string } {
  const [verb = "", path = ""] = line.split(" ");
  const method = METHODS.find((known) => known === verb.toLowerCase());
  if (!method) throw new TypeError(`${line}: not a known method`);
  return { method, path };
}

function clientGone(res: Response): AbortSignal {
  const gone = new AbortController();
  res.once("close", () => {
    if (!res.writableFinished) gone.abort();
  });
  return gone.signal;
}
