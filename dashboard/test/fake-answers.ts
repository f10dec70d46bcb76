import type { Problem } from "../../src/contract/problem.ts";

export const CREATED = 201;
export const json = (body: unknown, status = 200) =>
  Response.json(body, {
    status,
    headers: { "content-type": status < 400 ? "application/json" : "application/problem+json" },
  });

/** A refusal as the server words it. */
export function problem(status: number, detail: string, errors?: Problem["errors"]): Response {
  const title = { 400: "Invalid", 401: "Unauthorized", 404: "Not found" }[status] ?? "Error";
  const body: Problem = {
    type: "about:blank",
    title,
    status,
    detail,
    code: title.toLowerCase(),
    message: detail,
    statusCode: status,
    error: title,
  };
  return json({ ...body, ...(errors && { errors }) }, status);
}
