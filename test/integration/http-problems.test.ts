import request from "supertest";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Problem } from "../../src/contract/problem.ts";
import { API_KEY, startTestServer, type TestServer } from "../support/http-server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ settings: { apiKeys: [API_KEY] } });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const api = () => request(server.url);
const postThing = (body: object) => api().post("/api/things").send(body);

/** Every problem has the same shape, whoever made it. */
function expectProblem(response: request.Response, status: number): Problem {
  expect(response.headers["content-type"]).toBe("application/problem+json; charset=utf-8");
  const problem = Problem.strict().parse(JSON.parse(response.text));
  expect([response.status, problem.status, problem.statusCode]).toEqual([status, status, status]);
  expect(problem.message).toBe(problem.detail);
  // n8n shows the first of `error` and `message` that it finds.
  expect(problem.error).toBe(problem.detail);
  return problem;
}

describe("bad input", () => {
  test("names each field and its rule", async () => {
    const { errors, message } = expectProblem(await postThing({ maxTurns: 11, tags: ["ok", "too long"] }), 400);
    expect(errors).toEqual([
      { field: "body.title", message: "is required" },
      { field: "body.maxTurns", message: "must be at most 10" },
      { field: "body.tags[1]", message: "must have at most 5 letters" },
    ]);
    expect(message).toContain("body.title is required");
  });

  test("an unknown field is named, not dropped", async () => {
    const { errors } = expectProblem(await postThing({ title: "a", titel: "b" }), 400);
    expect(errors).toEqual([{ field: "body.titel", message: "is not a known field" }]);
  });

  test("query and path parameters are named by their place", async () => {
    expect(expectProblem(await api().get("/api/things?limit=500"), 400).errors?.[0]?.field).toBe("query.limit");
    expect(expectProblem(await api().get("/api/things/nonsense"), 400).errors?.[0]?.field).toBe("params.id");
  });

  test("a query parameter that a route does not know is named, but hooks are taken in whatever their URL carries", async () => {
    const mistyped = await api().get("/api/things?limti=5&limit=5");
    expect(mistyped.status).toBe(400);
    expect(mistyped.body.errors).toEqual([{ field: "query.limti", message: "is not a known parameter" }]);
    expect((await api().delete("/api/things/1?force=1")).status).toBe(400);
    expect((await api().get("/api/things?limit=5&_=1700000000")).status).toBe(200);
    expect((await api().get("/health?utm_source=mail")).status).toBe(200);
    expect((await api().post("/api/hooks?from=laptop").send({})).status).toBe(200);
  });

  test.each([
    ['{"title": "a", }', "position 15 (line 1, column 16)"],
    ['{"title":\n  bad}', "position 12 (line 2, column 3)"],
    ['{"title": "a"', "it ends too early, at position 13"],
  ])("malformed JSON %j says where", async (body, where) => {
    const response = await api().post("/api/things").type("json").send(body);
    expect(expectProblem(response, 400).detail).toContain(where);
  });

  test("a body that is not compressed as it says is the caller's fault", async () => {
    const response = await api().post("/api/things").type("json").set("content-encoding", "gzip").send('{"title":"a"}');
    expect(expectProblem(response, 400).detail).toContain("Content-Encoding");
  });

  test("no body at all is a missing field, not a crash", async () => {
    expect(expectProblem(await api().post("/api/things"), 400).errors?.[0]?.field).toBe("body.title");
  });

  test.each(["[]", "null", "3", '"text"'])("a body of %s is refused", async (body) => {
    expect(expectProblem(await api().post("/api/things").type("json").send(body), 400).code).toBe("invalid");
  });

  test("text that Postgres cannot store is refused where it stands", async () => {
    expect(expectProblem(await postThing({ title: "a", metadata: { deep: ["\0"] } }), 400).errors).toEqual([
      { field: "body.metadata.deep[0]", message: "must not contain the NUL character" },
    ]);
    const halfSurrogate = await api()
      .post("/api/things")
      .type("json")
      .send(String.raw`{"title":"\ud800"}`);
    expectProblem(halfSurrogate, 400);
    expectProblem(await api().get("/api/things?limit=1%00"), 400);
  });

  test("nesting that would exhaust the stack is refused", async () => {
    const deep = `{"title":"a","metadata":{"x":${"[".repeat(100_000)}${"]".repeat(100_000)}}}`;
    expect(expectProblem(await api().post("/api/things").type("json").send(deep), 400).detail).toContain("levels deep");
  });

  test("a wrongly encoded address is 400", async () => {
    expect(expectProblem(await api().get("/api/things/%zz"), 400).detail).toContain("percent-encoded");
  });
});

describe("what the server does not have or take", () => {
  test("an unknown route under /api is 404 in JSON", async () => {
    expect(expectProblem(await api().get("/api/nothing").set("Accept", "text/html"), 404).instance).toBe(
      "/api/nothing",
    );
  });

  test("a known path with another method is 405 with Allow", async () => {
    const response = await api().put("/api/things").send({});
    expectProblem(response, 405);
    expect(response.headers["allow"]).toBe("GET, POST, HEAD");
  });

  test("a body that is not JSON is 415", async () => {
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]) {
      const response = await api()
        .post("/api/things")
        .set("x-api-key", API_KEY)
        .set("Content-Type", type)
        .send("title=a");
      expect(expectProblem(response, 415).code).toBe("unsupported_media_type");
    }
  });

  test("an unknown encoding or charset is 415", async () => {
    const send = () => api().post("/api/things").set("Content-Type", "application/json");
    const encoded = await send().set("Content-Encoding", "compress").send("{}");
    expect(expectProblem(encoded, 415).detail).toContain("compress");
    expectProblem(
      await api().post("/api/things").set("Content-Type", "application/json; charset=klingon").send("{}"),
      415,
    );
  });

  test("a JSON body over the limit is 413 and names it", async () => {
    const response = await postThing({ title: "a".repeat(5 * 1024 * 1024) });
    expect(expectProblem(response, 413).detail).toContain("4194304 bytes");
  });
});

describe("our own bugs", () => {
  test("an unexpected error says nothing but the request's id, and is logged once", async () => {
    const response = await api().get("/api/bug").set("x-request-id", "trace-4711");
    const problem = expectProblem(response, 500);
    expect(response.headers["x-request-id"]).toBe("trace-4711");
    expect(problem.detail).toContain("trace-4711");
    expect(response.text).not.toContain("secret inside");
    const lines = server
      .logged()
      .split("\n")
      .filter((line) => line.includes("secret inside"));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain("trace-4711");
  });

  test("an x-request-id that could forge a log line is replaced", async () => {
    const response = await api().get("/health").set("x-request-id", 'a" "level":60');
    expect(response.headers["x-request-id"]).toMatch(/^[0-9a-f-]{36}$/u);
  });

  test("neither query, body nor credentials reach the log", async () => {
    await api()
      .post("/api/things?token=canary-query")
      .set("x-api-key", "canary-header")
      .set("Cookie", "a=canary-cookie")
      .send({ title: "canary-body" });
    await api().get("/api/things?q=canary-query").set("Authorization", "Bearer canary-bearer");
    expect(server.logged()).toContain('"path":"/api/things"');
    expect(server.logged()).not.toContain("canary");
  });
});

describe("good answers", () => {
  test("status, Location and defaults arrive", async () => {
    const response = await postThing({ title: "a" });
    expect(response.status).toBe(201);
    expect(response.headers["location"]).toBe("/api/things/1");
    expect(response.headers["cache-control"]).toBe("no-store");
    expect(response.body).toEqual({ title: "a", tags: [], metadata: {} });
  });

  test("the seed's snake_case is taken at the top, never inside metadata", async () => {
    const claudeSessionId = "550e8400-e29b-41d4-a716-446655440000";
    const response = await postThing({
      title: "a",
      max_turns: 3,
      claude_session_id: claudeSessionId,
      metadata: { max_turns: 1 },
    });
    expect(response.body).toEqual({ title: "a", maxTurns: 3, claudeSessionId, tags: [], metadata: { max_turns: 1 } });
    expectProblem(await postThing({ title: "a", max_turns: 3, maxTurns: 4 }), 400);
  });

  test("a route without an answer is an empty 204", async () => {
    const response = await api().delete("/api/things/1");
    expect([response.status, response.text]).toEqual([204, ""]);
  });

  test("HEAD answers as GET does, without a body", async () => {
    const response = await api().head("/api/things");
    expect(response.status).toBe(200);
  });
});
