import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { Router } from "express";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { route } from "../../src/http/route.ts";
import { type EventStream, openEventStream } from "../../src/http/sse.ts";
import { startTestServer, type TestServer } from "../support/http-server.ts";

let server: TestServer;
let stream: EventStream;
let opened: PromiseWithResolvers<void>;

beforeEach(async () => {
  opened = Promise.withResolvers();
  const router = Router();
  route(router, "GET /api/events", { summary: "Events", produces: "text/event-stream" }, ({ req, res }) => {
    stream = openEventStream(req, res);
    opened.resolve();
  });
  server = await startTestServer({ routers: [router] });
});
afterEach(async () => {
  vi.useRealTimers();
  await server[Symbol.asyncDispose]();
});

async function open(): Promise<IncomingMessage> {
  const request = get(`${server.url}/api/events`, { agent: false });
  const [response] = (await once(request, "response")) as [IncomingMessage];
  response.on("error", () => undefined);
  await opened.promise;
  return response;
}

test("a stream begins with the time to wait before reconnecting, and no proxy may hold it back", async () => {
  const response = await open();
  expect(response.headers["content-type"]).toBe("text/event-stream; charset=utf-8");
  expect(response.headers["x-accel-buffering"]).toBe("no");
  expect(response.headers["cache-control"]).toBe("no-cache, no-transform");
  expect(String((await once(response, "data"))[0])).toBe("retry: 2000\n\n");
  response.destroy();
});

test("asking only for the head of a stream is answered, and holds none open", async () => {
  const response = await fetch(`${server.url}/api/events`, { method: "HEAD", signal: AbortSignal.timeout(5_000) });
  expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
  await expect.poll(() => stream.closed.aborted).toBe(true);
  stream.send({ data: "to nobody" });
});

test("events carry id, name and data; a line break in any of them cannot forge another field", async () => {
  const response = await open();
  stream.send({ id: 7, event: "message", data: { text: "a\nb" } });
  stream.send({ id: "8\ndata: forged", event: "x\r\nid: 9", data: "one\ntwo\r\nthree" });
  stream.comment("note\nid: 9");
  stream.end();
  let text = "";
  for await (const chunk of response) text += String(chunk);
  expect(text).toBe(
    [
      "retry: 2000\n\n",
      'id: 7\nevent: message\ndata: {"text":"a\\nb"}\n\n',
      "id: 8 data: forged\nevent: x  id: 9\ndata: one\ndata: two\ndata: three\n\n",
      ": note id: 9\n\n",
    ].join(""),
  );
});

test("every 15 seconds a comment keeps proxies from closing an idle stream", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  const response = await open();
  await once(response, "data");
  vi.advanceTimersByTime(15_000);
  expect(String((await once(response, "data"))[0])).toBe(": heartbeat\n\n");
  response.destroy();
  await once(stream.closed, "abort");
  expect(vi.getTimerCount()).toBe(0);
});

test("a client that does not read is dropped at about a megabyte, one that reads is not", async () => {
  const reading = await open();
  let received = 0;
  reading.on("data", (chunk: Buffer) => (received += chunk.length));
  const fast = stream;
  opened = Promise.withResolvers();
  const stuck = await open();
  stuck.pause();
  const slow = stream;
  const data = "x".repeat(64 * 1024);
  let sent = 0;
  while (!slow.closed.aborted && sent < 1_000) {
    fast.send({ data });
    slow.send({ data });
    sent += 1;
    await sleep(1);
  }
  expect(slow.closed.aborted).toBe(true);
  expect(fast.closed.aborted).toBe(false);
  while (received < sent * data.length) await sleep(5);
  reading.destroy();
});

test("a client that leaves is noticed, and sending to it does nothing", async () => {
  const response = await open();
  response.destroy();
  if (!stream.closed.aborted) await once(stream.closed, "abort");
  expect(() => {
    stream.send({ data: "to nobody" });
    stream.comment();
    stream.end();
  }).not.toThrow();
});
