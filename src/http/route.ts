import type { Response, Router } from "express";
import type { z } from "zod";
import { callerOf } from "../auth/caller.ts";
import { type Reply, sendAnswer } from "./route-answer.ts";
import { type InputReaders, inputReaders } from "./route-input.ts";
import {
  METHODS,
  type Method,
  type PathParams,
  type RegisteredRoute,
  type RouteContext,
  type RouteSpec,
  type Shape,
} from "./route-spec.ts";

export { reply } from "./route-answer.ts";

type NoInput = z.ZodType<Record<string, never>>;

/** Hooks are taken in whatever somebody's settings put behind their URL; outside the API, links carry what others add. */
const STRICT_QUERY = /^\/api\/(?!hooks(?:\/|$))/u;

const registered = new WeakMap<Router, RegisteredRoute[]>();

/** The routes declared on these routers by `route()`, in order. */
export const routesOf = (routers: readonly Router[]): RegisteredRoute[] =>
  routers.flatMap((router) => registered.get(router) ?? []);

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
  const readers: InputReaders<P, Q, B> = inputReaders(spec, { strictQuery: STRICT_QUERY.test(path) });
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
