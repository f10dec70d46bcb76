import { Validator } from "@seriousme/openapi-schema-validator";
import { Router } from "express";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { SessionEvent } from "../../../src/contract/event.ts";
import { Run } from "../../../src/contract/run.ts";
import { CreateSession, Session, SessionFilter, SessionPage, UpdateSession } from "../../../src/contract/session.ts";
import { createOpenApi } from "../../../src/http/openapi.ts";
import { route, routesOf } from "../../../src/http/route.ts";
import { type Document, documentFaults } from "../../support/openapi-faults.ts";

const answer = () => {
  throw new Error("never called here");
};

function routers(): Router[] {
  const router = Router();
  const one = { params: z.object({ id: z.uuid() }), tags: ["Sessions"] };
  route(
    router,
    "POST /api/sessions",
    { summary: "Start", body: CreateSession, response: Session, status: 201, headers: { Location: "Where" } },
    answer,
  );
  route(router, "GET /api/sessions", { summary: "List", query: SessionFilter, response: SessionPage }, answer);
  route(router, "GET /api/sessions/:id", { summary: "One", ...one, response: Session }, answer);
  route(
    router,
    "PATCH /api/sessions/:id",
    { summary: "Change", ...one, body: UpdateSession, response: Session },
    answer,
  );
  route(router, "GET /api/sessions/:id/events", { summary: "Feed", ...one, produces: "text/event-stream" }, answer);
  route(router, "GET /api/events", { summary: "Events", response: z.array(SessionEvent) }, answer);
  route(router, "GET /api/runs/:runId", { summary: "Run", response: Run }, answer);
  route(router, "GET /health", { summary: "Health" }, answer);
  return [router];
}

const described = () => createOpenApi(routers(), { version: "1.2.3" }) as Document;

describe("the OpenAPI document", () => {
  test("has no faults of structure, for the shapes of the contract", () => {
    expect(documentFaults(described())).toEqual([]);
  });

  test("is valid by the schema of OpenAPI 3.1", async () => {
    const { valid, errors } = await new Validator().validate({ ...described() });
    expect(errors ?? []).toEqual([]);
    expect(valid).toBe(true);
  });

  test("has every declared route", () => {
    const { paths } = described();
    for (const { method, path } of routesOf(routers())) {
      expect(paths[path.replaceAll(/:(\w+)/gu, "{$1}")]?.[method], `${method} ${path}`).toBeDefined();
    }
  });

  test("every operation answers problems as problem documents", () => {
    for (const operation of Object.values(described().paths).flatMap((path) => Object.values(path))) {
      expect(Object.keys(operation.responses?.["500"]?.content ?? {})).toEqual(["application/problem+json"]);
    }
  });

  test("path parameters are there even where no shape was given", () => {
    expect(described().paths["/api/runs/{runId}"]?.["get"]?.parameters).toMatchObject([
      { name: "runId", in: "path", required: true },
    ]);
  });

  test("an id that says nothing of itself is that of what stands before it in the path", () => {
    const { paths } = described();
    const descriptions = ["/api/sessions/{id}", "/api/runs/{runId}"].map(
      (path) => paths[path]?.["get"]?.parameters?.[0]?.description,
    );
    expect(descriptions).toEqual(["Which session.", "Which run."]);
  });

  test("every group says what it holds, in the order of the alphabet", () => {
    expect(described().tags).toEqual([{ name: "Sessions", description: expect.stringMatching(/^Conversations /u) }]);
  });

  test("health needs no key, sessions do", () => {
    const { paths } = described();
    expect(paths["/health"]?.["get"]?.security).toEqual([]);
    expect(paths["/api/sessions"]?.["get"]?.security).toBeUndefined();
  });

  test("a free JSON value is one named shape", () => {
    const text = JSON.stringify(described());
    expect(text).toContain("#/components/schemas/JsonValue");
    expect(text).not.toContain("__schema");
  });

  test("the check itself finds planted faults", () => {
    const document = described();
    const list = document.paths["/api/sessions"]?.["get"];
    if (list) list.operationId = "postSessions";
    document.paths["/api/lost/{id}"] = {
      get: {
        operationId: "lost",
        responses: { 200: { content: { "application/json": { schema: { $ref: "#/components/schemas/Gone" } } } } },
      },
    };
    expect(documentFaults(document)).toEqual([
      "operationId postSessions is used twice",
      "get /api/lost/{id}: response 200 has no description",
      "get /api/lost/{id}: path parameters id are declared as none",
      "#/components/schemas/Gone leads nowhere",
    ]);
  });
});
