import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import type { RequestListener } from "node:http";
import { buffer, json, text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { WebSocketServer } from "ws";
import type { HeaderPairs } from "../../../src/contract/orchestrator-frames.ts";
import { echo, tunnelServer } from "../../support/tunnel-server.ts";

interface Echoed {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: string;
  caller: { kind: string; name: string };
}

const BIG = randomBytes(20 * 1024 * 1024);
const hashOf = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");
const JSON_TYPE: [string, string] = ["content-type", "application/json"];

/** What our own dashboard and API do not do yet all at once. */
const app: RequestListener = (req, res) => {
  const { pathname } = new URL(req.url ?? "/", "http://x");
  if (pathname === "/big") return void res.setHeader("content-length", BIG.length).end(BIG);
  if (pathname === "/upload") {
    const hash = createHash("sha256");
    return void req.on("data", (chunk: Buffer) => hash.update(chunk)).on("end", () => res.end(hash.digest("hex")));
  }
  if (pathname === "/cookies")
    return void res
      .setHeader("set-cookie", ["a=1; Path=/", "b=2; HttpOnly"])
      .writeHead(302, { location: "/next" })
      .end();
  if (pathname === "/same")
    return void (req.headers["if-none-match"] === '"1"'
      ? res.writeHead(304, { etag: '"1"' }).end()
      : res.setHeader("etag", '"1"').end("body"));
  if (pathname === "/events") {
    res.writeHead(200, { "content-type": "text/event-stream" }).write("data: one\n\n");
    res.once("close", () => gone.resolve());
    next = () => res.write("data: two\n\n");
    return;
  }
  if (pathname === "/early") return void res.writeHead(413).end("too large");
  if (pathname === "/broken") {
    res.writeHead(200, { "content-length": 100 }).write("half");
    return void setImmediate(() => res.destroy());
  }
  echo(req, res);
};
let next = (): unknown => undefined;
let gone = Promise.withResolvers<void>();

test("the application sees the person the hub signed for, and nothing of the hub", async () => {
  await using server = await tunnelServer(app);
  const headers: HeaderPairs = [
    ["Accept", "text/html"],
    ["Cookie", "session=HUBSESSION"],
    ["Origin", "http://evil"],
    ["Referer", "https://hub/clients"],
    ["Authorization", "Bearer browser"],
    ["X-Api-Key", "guess"],
    ["X-Forwarded-For", "127.0.0.1"],
    ["X-Orchestrator-Username", "mallory"],
    ["Host", "machine.hub.example"],
    ["Connection", "keep-alive"],
    ["Content-Length", "999"],
    ["Bad\nName", "x"],
    ["X-Bad", "a\r\nX-Injected: 1"],
  ];
  const stream = await server.open({ method: "GET", target: "/echo?q=%20a&x=1", headers });
  expect((await stream.head).status).toBe(200);
  const seen = (await json(stream)) as Echoed;
  expect(seen).toMatchObject({ method: "GET", url: "/echo?q=%20a&x=1", caller: { kind: "hub", name: "octocat" } });
  expect(seen.headers).toEqual({ host: "localhost", accept: "text/html", connection: "close", "content-length": "0" });
});

test.each(["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])("%s passes with its body", async (method) => {
  await using server = await tunnelServer(app);
  const stream = await server.open({ method, target: "/x", headers: [JSON_TYPE, ["content-length", "3"]], body: true });
  stream.end("é1");
  await stream.head;
  expect(await json(stream)).toMatchObject({ method, body: "é1" });
});

test("HEAD has no body, an empty POST has none either", async () => {
  await using server = await tunnelServer(app);
  const head = await server.open({ method: "HEAD", target: "/big" });
  expect(await head.head).toMatchObject({
    status: 200,
    headers: expect.arrayContaining([["content-length", String(BIG.length)]]),
  });
  expect(await text(head)).toBe("");
  const post = await server.open({ method: "POST", target: "/x", headers: [["content-length", "0"]], body: true });
  post.end();
  await post.head;
  expect(((await json(post)) as Echoed).headers["transfer-encoding"]).toBeUndefined();
});

test("20 MiB pass unharmed both ways", { timeout: 60_000 }, async () => {
  await using server = await tunnelServer(app);
  const down = await server.open({ target: "/big" });
  await down.head;
  expect(hashOf(await buffer(down))).toBe(hashOf(BIG));
  const up = await server.open({ method: "POST", target: "/upload", body: true });
  up.end(BIG);
  await up.head;
  expect(await text(up)).toBe(hashOf(BIG));
});

test("a redirect stays one, and each cookie is kept apart", async () => {
  await using server = await tunnelServer(app);
  const stream = await server.open({ target: "/cookies" });
  const { status, headers } = await stream.head;
  expect(status).toBe(302);
  expect(headers).toEqual(
    expect.arrayContaining([
      ["location", "/next"],
      ["set-cookie", "a=1; Path=/"],
      ["set-cookie", "b=2; HttpOnly"],
    ]),
  );
  expect(headers.map(([name]) => name)).not.toContain("connection");
});

test("conditional requests are answered with 304", async () => {
  await using server = await tunnelServer(app);
  const stream = await server.open({ target: "/same", headers: [["if-none-match", '"1"']] });
  expect((await stream.head).status).toBe(304);
  expect(await text(stream)).toBe("");
});

test("events pass one by one, and end at the application when the browser goes", async () => {
  await using server = await tunnelServer(app);
  gone = Promise.withResolvers();
  const stream = await server.open({ target: "/events" });
  await stream.head;
  expect(String((await once(stream, "data"))[0])).toBe("data: one\n\n");
  next();
  expect(String((await once(stream, "data"))[0])).toBe("data: two\n\n");
  stream.destroy();
  await gone.promise;
});

test("an answer that comes before the request is complete ends both", async () => {
  await using server = await tunnelServer(app);
  const stream = await server.open({ method: "POST", target: "/early", body: true });
  stream.write(BIG.subarray(0, 200_000));
  expect((await stream.head).status).toBe(413);
  expect(await text(stream)).toBe("too large");
});

test("an application that breaks off is a stream that is cancelled, not a short answer", async () => {
  await using server = await tunnelServer(app);
  const stream = await server.open({ target: "/broken" });
  await stream.head;
  await expect(buffer(stream)).rejects.toMatchObject({ code: "failed" });
});

test("a WebSocket passes with its frames, text and binary", async () => {
  const sockets = new WebSocketServer({ noServer: true });
  sockets.on("connection", (socket) =>
    socket.on("message", (data, isBinary) => socket.send(data as Buffer, { binary: isBinary })),
  );
  await using server = await tunnelServer(app, {
    onUpgrade: (req, socket) =>
      sockets.handleUpgrade(req, socket, Buffer.alloc(0), (one) => sockets.emit("connection", one)),
  });
  const key = randomBytes(16).toString("base64");
  const stream = await server.open({
    kind: "websocket",
    target: "/ws",
    body: true,
    headers: [
      ["sec-websocket-key", key],
      ["sec-websocket-version", "13"],
    ],
  });
  const { status, headers } = await stream.head;
  expect(status).toBe(101);
  expect(headers.map(([name]) => name)).toContain("sec-websocket-accept");
  // A masked text frame "hi", as a browser sends it.
  stream.write(Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69]));
  let back = Buffer.alloc(0);
  while (back.length < 4) back = Buffer.concat([back, (await once(stream, "data"))[0] as Buffer]);
  expect(back).toEqual(Buffer.from([0x81, 0x02, 0x68, 0x69]));
  stream.destroy();
});

test.each<[string, () => object, number]>([
  ["nobody", () => ({ identity: null }), 401],
  ["a forged identity", () => ({ identity: "e30.e30.e30" }), 401],
  [
    "another site",
    () => ({
      headers: [
        ["sec-fetch-site", "cross-site"],
        ["sec-fetch-mode", "cors"],
      ],
    }),
    403,
  ],
  [
    "another machine of the hub",
    () => ({
      method: "POST",
      headers: [
        ["sec-fetch-site", "same-site"],
        ["sec-fetch-mode", "navigate"],
      ],
    }),
    403,
  ],
])("%s does not get in", async (_who, asked, status) => {
  await using server = await tunnelServer(app);
  const stream = await server.open(asked());
  expect((await stream.head).status).toBe(status);
  expect(await json(stream)).toMatchObject({ status });
});
