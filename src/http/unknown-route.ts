import type { RequestHandler } from "express";
import { AppError } from "../lib/errors.ts";
import type { RegisteredRoute } from "./route-spec.ts";

/** The last stop: 405 with Allow where the path exists for other methods, 404 where it does not. */
export function unknownRoute(routes: readonly RegisteredRoute[]): RequestHandler {
  return (req, res) => {
    const methods = routes.filter(({ path }) => matches(path, req.path)).map(({ method }) => method.toUpperCase());
    if (methods.length === 0) throw new AppError("not_found", `There is no ${req.method} ${req.path} here`);
    const allowed = [...new Set(methods.includes("GET") ? [...methods, "HEAD"] : methods)].join(", ");
    res.setHeader("Allow", allowed);
    throw new AppError("method_not_allowed", `${req.path} does not take ${req.method}, only ${allowed}`);
  };
}

function matches(pattern: string, path: string): boolean {
  const wanted = pattern.split("/");
  const given = path.replace(/(?<=.)\/$/u, "").split("/");
  return (
    wanted.length === given.length &&
    wanted.every((part, index) => part.startsWith(":") || part === given[index]?.toLowerCase())
  );
}
