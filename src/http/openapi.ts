import type { Router } from "express";
import { z } from "zod";
import {
  createDocument,
  type ZodOpenApiOperationObject,
  type ZodOpenApiPathsObject,
  type ZodOpenApiResponsesObject,
} from "zod-openapi";
import { SIGN_IN_COOKIE } from "../auth/sign-in-cookie.ts";
import { Problem } from "../contract/problem.ts";
import { pathParams } from "./openapi-params.ts";
import { describedTags } from "./openapi-tags.ts";
import type { RegisteredRoute } from "./route-spec.ts";
import { routesOf } from "./route.ts";

const DESCRIPTION = `Claude Code as a headless service: sessions, messages, runs, and what Claude did in them.

Errors are RFC 9457 problem documents that also carry \`message\`, \`statusCode\` and \`error\`. Lists answer \`{ items, nextCursor }\`.
Requests from the machine itself need no key; all others send one as \`Authorization: Bearer …\` or \`x-api-key\`, or sign in.`;

/** Needs nobody to say who they are; the other routes take any of the three ways. */
const OPEN_PATHS = new Set(["/health", "/ready", "/api/version", "/api/sign-in", "/api/sign-out"]);

/** The OpenAPI 3.1 document of every route declared on these routers. */
export function createOpenApi(routers: readonly Router[], { version }: { version: string }): object {
  const paths: ZodOpenApiPathsObject = {};
  for (const route of routesOf(routers)) {
    const path = route.path.replaceAll(/:(\w+)/gu, "{$1}");
    paths[path] = { ...paths[path], [route.method]: operation(route) };
  }
  const document = createDocument({
    openapi: "3.1.0",
    info: {
      title: "Claude Orchestrator",
      version,
      description: DESCRIPTION,
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/" }],
    // The empty requirement: on the machine itself no key is asked for.
    security: [{ bearer: [] }, { apiKey: [] }, { cookie: [] }, {}],
    tags: describedTags(routesOf(routers).flatMap(({ spec }) => (spec.tags ?? []).map(capitalised))),
    paths,
    components: {
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer", description: "An API key, or the token of a run for /api/hooks" },
        apiKey: { type: "apiKey", in: "header", name: "x-api-key" },
        cookie: { type: "apiKey", in: "cookie", name: SIGN_IN_COOKIE, description: "Set by POST /api/sign-in" },
      },
    },
  });
  return withNamedJson(document);
}

/** Each `z.json()` becomes a recursive shape of its own, `__schema7`; readers see one, called JsonValue. */
function withNamedJson(document: object): object {
  const text = JSON.stringify(document).replaceAll(
    /"#\/components\/schemas\/__schema\d+"/gu,
    '"#/components/schemas/JsonValue"',
  );
  const named = JSON.parse(text) as { components: { schemas?: Record<string, unknown> } };
  const schemas = Object.entries(named.components.schemas ?? {});
  named.components.schemas = Object.fromEntries(
    schemas.map(([name, schema]) => [name.replace(/^__schema\d+$/u, "JsonValue"), schema]),
  );
  return named;
}

function operation(route: RegisteredRoute): ZodOpenApiOperationObject {
  const { path, spec } = route;
  const params = pathParams(path, spec.params);
  return {
    operationId: spec.operationId ?? operationId(route),
    summary: spec.summary,
    ...(spec.description === undefined ? {} : { description: spec.description }),
    ...(spec.tags ? { tags: spec.tags.map(capitalised) } : {}),
    ...(OPEN_PATHS.has(path) ? { security: [] } : {}),
    requestParams: {
      ...(params ? { path: params } : {}),
      ...(spec.query instanceof z.ZodObject ? { query: spec.query } : {}),
    },
    ...(spec.body ? { requestBody: { required: true, content: { "application/json": { schema: spec.body } } } } : {}),
    responses: { ...answer(route), ...problems(route) },
  };
}

function answer({ spec }: RegisteredRoute): ZodOpenApiResponsesObject {
  const content = {
    ...(spec.response ? { "application/json": { schema: spec.response } } : {}),
    ...(spec.produces ? { [spec.produces]: { schema: { type: "string" as const } } } : {}),
  };
  const isEmpty = Object.keys(content).length === 0;
  const status = `${spec.status ?? (isEmpty ? 204 : 200)}` as `2${string}`;
  const headers = Object.entries(spec.headers ?? {}).map(([name, description]) => [
    name,
    { description, schema: { type: "string" as const } },
  ]);
  return {
    [status]: {
      description: isEmpty ? "Done; the answer is empty" : "Done",
      ...(headers.length > 0 ? { headers: Object.fromEntries(headers) } : {}),
      ...(isEmpty ? {} : { content }),
    },
  };
}

const PROBLEMS = {
  400: "A value breaks a rule (`errors` names the field), is not known here, or the request is no correct HTTP",
  401: "No valid key, cookie or token",
  403: "Not allowed for this caller, host or origin",
  404: "There is no such thing",
  413: "The body is too large",
  415: "The body is not JSON",
  429: "Too many requests; wait for Retry-After",
  500: "A bug; the log has it under the request's id",
} as const;

function problems({ path, spec }: RegisteredRoute): ZodOpenApiResponsesObject {
  const codes: (keyof typeof PROBLEMS)[] = [
    400,
    ...(OPEN_PATHS.has(path) && !spec.body ? [] : [401 as const, 403 as const, 429 as const]),
    ...(path.includes(":") ? [404 as const] : []),
    ...(spec.body ? [413 as const, 415 as const] : []),
    500,
  ];
  const content = { "application/problem+json": { schema: Problem } };
  return Object.fromEntries(codes.map((code) => [`${code}`, { description: PROBLEMS[code], content }]));
}

/** `POST /api/sessions/:id/stop` → `postSessionsIdStop` */
function operationId({ method, path }: RegisteredRoute): string {
  const words = path
    .replace(/^\/api\//u, "/")
    .split(/[^a-zA-Z0-9]+/u)
    .filter((word) => word !== "");
  return method + words.map(capitalised).join("");
}

const capitalised = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);
