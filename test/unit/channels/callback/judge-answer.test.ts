import { expect, test } from "vitest";
import { judgeAnswer, readRetryAfter } from "../../../../src/channels/callback/judge-answer.ts";

const now = new Date("2026-01-01T00:00:00Z");
const judge = (status: number, headers: Record<string, string> = {}, text = "") =>
  judgeAnswer({ status, headers, text }, now);
const html = { "content-type": "text/html; charset=utf-8" };
const json = { "content-type": "application/json" };

test.each([200, 201, 202, 204])("%i means delivered", (status) => expect(judge(status).is).toBe("delivered"));

test.each([400, 401, 403, 404, 405, 410, 413, 422, 301, 302, 307, 308])("%i is final", (status) =>
  expect(judge(status).is).toBe("refused"),
);

test.each([408, 409, 425, 429, 500, 502, 503, 504])("%i may change", (status) =>
  expect(judge(status).is).toBe("not_now"),
);

test("n8n: running already is tried again, finished already is final", () => {
  expect(judge(409, json, '{"message":"The execution \\"7\\" is running already."}').is).toBe("not_now");
  expect(judge(409, json, '{"message":"The execution \\"7\\" has finished already."}').is).toBe("refused");
});

test("n8n: a 404 page comes from a server that is starting, a 404 document from the workflow itself", () => {
  expect(judge(404, html, "<pre>Cannot POST /webhook-waiting/7</pre>").is).toBe("not_now");
  expect(judge(404, json, '{"message":"not registered"}').is).toBe("refused");
});

test("n8n: an unknown signature is final, several at once are not", () => {
  expect(judge(401, json, '{"message":"Invalid token"}').is).toBe("refused");
  expect(judge(500, json, '{"message":"There was a problem executing the workflow"}').is).toBe("not_now");
});

test("Retry-After is read as seconds or as a date, and anything else is nothing", () => {
  expect(judge(429, { "retry-after": "7" })).toMatchObject({ retryAfterMs: 7_000 });
  expect(readRetryAfter("Thu, 01 Jan 2026 00:01:00 GMT", now)).toBe(60_000);
  expect(readRetryAfter("Thu, 01 Jan 2025 00:01:00 GMT", now)).toBe(0);
  for (const text of ["soon", "-5", undefined]) expect(readRetryAfter(text, now) ?? 0).toBe(0);
});
