import express, { type Request, Router } from "express";
import request from "supertest";
import { describe, expect, expectTypeOf, test } from "vitest";
import { z } from "zod";
import { setCaller } from "../../../src/auth/caller.ts";
import { problemHandler } from "../../../src/http/problem-handler.ts";
import { requestLog } from "../../../src/http/request-log.ts";
import { reply, route, routesOf } from "../../../src/http/route.ts";
import { createLogger } from "../../../src/lib/logger.ts";

function serve(declare: (router: Router) => void, env = "development") {
  const router = Router();
  declare(router);
  const app = express().set("env", env);
  app.use(requestLog(createLogger("silent")), express.json(), router, problemHandler);
  return request(app);
}

const answering = (router: Router) => {
  const response = z.object({ shown: z.int() });
  route(router, "GET /more", { summary: "M", response }, () => ({ shown: 1, hidden: "row internals" }));
  route(router, "GET /wrong", { summary: "W", response }, () => ({ shown: "one" as unknown as number }));
};

describe("route()", () => {
  test("hands over what the shapes say, already parsed and typed", async () => {
    const seen: unknown[] = [];
    const api = serve((router) =>
      route(
        router,
        "PUT /api/a/:id/b/:name",
        {
          summary: "Typed",
          params: z.object({ id: z.coerce.number(), name: z.string() }),
          query: z.object({ deep: z.stringbool().default(false) }),
          body: z.object({ at: z.iso.datetime().transform((text) => new Date(text)) }),
        },
        ({ params, query, body }) => {
          expectTypeOf(params).toEqualTypeOf<{ id: number; name: string }>();
          expectTypeOf(query).toEqualTypeOf<{ deep: boolean }>();
          expectTypeOf(body).toEqualTypeOf<{ at: Date }>();
          seen.push(params, query, body);
        },
      ),
    );
    const response = await api.put("/api/a/7/b/x%2Fy?deep=true").send({ at: "2026-01-02T03:04:05Z" });
    expect(response.status).toBe(204);
    expect(seen).toEqual([{ id: 7, name: "x/y" }, { deep: true }, { at: new Date("2026-01-02T03:04:05Z") }]);
  });

  test("path parameters without a shape are text, by the names in the path", () => {
    route(Router(), "GET /api/a/:id/b/:name", { summary: "Plain" }, ({ params, query, body }) => {
      expectTypeOf(params.id).toEqualTypeOf<string>();
      expectTypeOf(params.name).toEqualTypeOf<string>();
      expectTypeOf(query).toEqualTypeOf<Record<string, never>>();
      expectTypeOf(body).toEqualTypeOf<undefined>();
    });
    expect.assertions(0);
  });

  test("passthrough lets unknown fields in; a refined body stays strict", async () => {
    const shape = z.object({ a: z.int().optional() });
    const api = serve((router) => {
      route(
        router,
        "POST /loose",
        { summary: "L", body: shape.loose(), passthrough: true, response: z.looseObject({}) },
        ({ body }) => body,
      );
      route(
        router,
        "POST /refined",
        { summary: "R", body: shape.refine((body) => Object.keys(body).length > 0, "must change something") },
        () => undefined,
      );
    });
    expect((await api.post("/loose").send({ b: 1 })).body).toEqual({ b: 1 });
    expect((await api.post("/refined").send({ a: 1, b: 1 })).body).toMatchObject({
      errors: [{ field: "body.b", message: "is not a known field" }],
    });
    expect((await api.post("/refined").send({})).body).toMatchObject({ detail: "body must change something" });
  });

  test("an answer keeps to its contract: unknown fields stay here, a wrong one is our bug", async () => {
    expect((await serve(answering).get("/more")).body).toEqual({ shown: 1 });
    expect((await serve(answering).get("/wrong")).status).toBe(500);
    const inProduction = await serve(answering, "production").get("/wrong");
    expect([inProduction.status, inProduction.body]).toEqual([200, { shown: "one" }]);
  });

  test("reply() sets status and headers; a value that looks like one is a value", async () => {
    const api = serve((router) => {
      route(router, "GET /reply", { summary: "R", response: z.int() }, () =>
        reply(1, { status: 202, headers: { "X-A": "b" } }),
      );
      route(router, "GET /alike", { summary: "A", response: z.looseObject({}) }, () => ({ value: 1, status: 202 }));
    });
    const replied = await api.get("/reply");
    expect([replied.status, replied.headers["x-a"], replied.body]).toEqual([202, "b", 1]);
    expect((await api.get("/alike")).body).toEqual({ value: 1, status: 202 });
  });

  test("a handler that asks for the caller where nobody was identified answers 401, it does not guess", async () => {
    const api = serve((router) =>
      route(router, "GET /who", { summary: "W", response: z.string() }, ({ caller }) => caller.name),
    );
    expect((await api.get("/who")).status).toBe(401);
  });

  test("routes are remembered by their router; an unknown method is a mistake in the code", () => {
    const router = Router();
    route(router, "PATCH /a", { summary: "A" }, () => undefined);
    expect(routesOf([Router(), router])).toMatchObject([{ method: "patch", path: "/a", spec: { summary: "A" } }]);
    expect(() => route(router, "BREW /coffee" as "GET /coffee", { summary: "B" }, () => undefined)).toThrow(
      "not a known method",
    );
  });
});

test("a caller set once stays: who came through a hub is not judged again", async () => {
  const seen: unknown[] = [];
  const app = express();
  app.use((req: Request, _res, next) => {
    setCaller(req, { kind: "key", name: "first" });
    setCaller(req, { kind: "local", name: "second" });
    next();
  });
  const router = Router();
  route(router, "GET /who", { summary: "W" }, ({ caller }) => void seen.push(caller.name));
  await request(app.use(router)).get("/who");
  expect(seen).toEqual(["first"]);
});
