import { createHmac } from "node:crypto";
import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createDeliveryService } from "../../src/deliveries/delivery-service.ts";
import { startReceiver } from "../support/callback-receiver.ts";
import { testDatabase, type TestDatabase } from "../support/database.ts";
import { findDeliveryRows, finishRun, insertSession, SECRET, startSending, untilAll, wake } from "../support/outbox.ts";

let database: TestDatabase;
let senders: AsyncDisposableStack;
beforeEach(async () => {
  database = await testDatabase();
  senders = new AsyncDisposableStack();
});
afterEach(async () => {
  await senders.disposeAsync();
  await database[Symbol.asyncDispose]();
});

/** Sends until the test ends. */
const send = async (parts: Parameters<typeof startSending>[1] = {}) =>
  void senders.use(await startSending(database, parts));

const attemptsOf = ({ received }: { received: readonly { eventId: string; attempt: number }[] }) =>
  received.map(({ attempt }) => attempt);

test("the end of a run is told once, signed, with everything that a receiver needs", async () => {
  await using receiver = await startReceiver();
  await send();
  const { db } = database;
  const sessionId = await insertSession(db, { ticket: 7 });
  const deliveryId = await finishRun(db, sessionId, receiver.url("/hook?signature=ab%2Fc&x=1+2"), "It is done.");
  const [row] = await untilAll(db, ["delivered"]);
  expect(row).toMatchObject({ attempts: 1, lastStatus: 200, response: "ok", inDoubt: false, claim: null });

  expect(receiver.received).toHaveLength(1);
  const [{ path, headers, text, body } = expect.fail()] = receiver.received;
  expect(path).toBe("/hook?signature=ab%2Fc&x=1+2");
  expect(headers).toMatchObject({
    "content-type": "application/json",
    "x-orchestrator-event-id": deliveryId,
    "x-orchestrator-attempt": "1",
  });
  const timestamp = String(headers["x-orchestrator-timestamp"]);
  expect(Math.abs(Number(timestamp) - Date.now() / 1000)).toBeLessThan(5);
  const expected = createHmac("sha256", SECRET).update(`${timestamp}.${text}`).digest("hex");
  expect(headers["x-orchestrator-signature"]).toBe(`v1=${expected}`);
  expect(body).toMatchObject({
    eventId: deliveryId,
    type: "run.finished",
    sessionId,
    status: "succeeded",
    reason: "success",
    answer: "It is done.",
    error: null,
    diff: { files: 1, added: 2, removed: 3 },
    links: { dashboard: `http://127.0.0.1:3001/sessions/${sessionId}` },
    metadata: { ticket: 7 },
  });
  const events = await db
    .selectFrom("sessionEvents")
    .select(["type", "key", "data"])
    .where("type", "=", "delivery")
    .execute();
  expect(events, "one event that is replaced as it changes").toEqual([
    {
      type: "delivery",
      key: `delivery:${deliveryId}`,
      data: expect.objectContaining({ status: "delivered", attempts: 1 }),
    },
  ]);
});

test("a receiver that answers 500 gets the same event again until it takes it", async () => {
  await using receiver = await startReceiver((res, _, nth) => res.writeHead(nth < 4 ? 500 : 200).end());
  await send();
  await finishRun(database.db, await insertSession(database.db), receiver.url("/"));
  await untilAll(database.db, ["delivered"]);
  expect(attemptsOf(receiver)).toEqual([1, 2, 3, 4]);
  expect(new Set(receiver.received.map(({ text }) => text)).size, "the body is the same each time").toBe(1);
});

test("a late answer is waited for", async () => {
  await using receiver = await startReceiver((res) => setTimeout(() => res.end(), 700));
  await send();
  await finishRun(database.db, await insertSession(database.db), receiver.url("/"));
  await untilAll(database.db, ["delivered"]);
  await sleep(200);
  expect(attemptsOf(receiver)).toEqual([1]);
});

test.each<[string, (res: ServerResponse) => unknown]>([
  ["hangs", () => undefined],
  ["dies between request and answer", (res) => res.socket?.destroy()],
  ["answers something that is not HTTP", (res) => res.socket?.end("nonsense\r\n\r\n")],
])("a receiver that %s is told again under the same id, and it is known to be in doubt", async (_, misbehave) => {
  const seen = Promise.withResolvers<void>();
  await using receiver = await startReceiver((res, _received, nth) => {
    if (nth === 1) misbehave(res);
    else void seen.promise.then(() => res.end());
  });
  await send({ timeoutMs: 1_500 });
  await finishRun(database.db, await insertSession(database.db), receiver.url("/"));
  await expect.poll(async () => (await findDeliveryRows(database.db))[0]?.inDoubt, { timeout: 5_000 }).toBe(true);
  seen.resolve();
  const [row] = await untilAll(database.db, ["delivered"]);
  expect(row?.inDoubt).toBe(false);
  expect(new Set(receiver.received.map(({ eventId }) => eventId)).size).toBe(1);
  expect(attemptsOf(receiver)[1], "the header says that it is a repetition").toBe(2);
});

test("Retry-After is honoured", async () => {
  await using receiver = await startReceiver((res, _, nth) =>
    res.writeHead(nth === 1 ? 429 : 200, { "retry-after": "1" }).end(),
  );
  await send();
  await finishRun(database.db, await insertSession(database.db), receiver.url("/"));
  await untilAll(database.db, ["delivered"]);
  const [first, second] = receiver.received.map(({ at }) => at);
  expect((second ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(1_000);
});

test("a 404 page is tried again, as n8n says it while it starts", async () => {
  await using receiver = await startReceiver((res, _, nth) =>
    res.writeHead(nth < 3 ? 404 : 200, { "content-type": "text/html; charset=utf-8" }).end("<pre>Cannot POST /</pre>"),
  );
  await send();
  await finishRun(database.db, await insertSession(database.db), receiver.url("/"));
  await untilAll(database.db, ["delivered"]);
  expect(attemptsOf(receiver)).toEqual([1, 2, 3]);
});

test.each([
  [404, "application/json"],
  [410, "text/plain"],
  [401, "application/json"],
])("a %i (%s) is final at once, and the next of the thread goes", async (status, type) => {
  await using receiver = await startReceiver((res, { body }) =>
    res.writeHead(body.answer === "bad" ? status : 200, { "content-type": type }).end("why"),
  );
  const sessionId = await insertSession(database.db);
  await finishRun(database.db, sessionId, receiver.url("/"), "bad");
  await finishRun(database.db, sessionId, receiver.url("/"), "good");
  await send();
  const rows = await untilAll(database.db, ["delivered", "failed"]);
  expect(rows.map((row) => row.status)).toEqual(["failed", "delivered"]);
  expect(rows[0]).toMatchObject({
    lastStatus: status,
    response: "why",
    attempts: 1,
    lastError: `The receiver answered ${status}`,
  });
  expect(receiver.received.map(({ body }) => body.answer)).toEqual(["bad", "good"]);
});

test("no redirect is followed", async () => {
  await using other = await startReceiver();
  await using receiver = await startReceiver((res) => res.writeHead(307, { location: other.url("/") }).end());
  await send();
  await finishRun(database.db, await insertSession(database.db), receiver.url("/"));
  const [row] = await untilAll(database.db, ["failed"]);
  expect(row?.lastError).toContain("redirect");
  expect(other.received).toEqual([]);
});

test("a receiver that is not there yet is told once it is", async () => {
  const gone = await startReceiver();
  const { port } = gone;
  await gone[Symbol.asyncDispose]();
  await send();
  await finishRun(database.db, await insertSession(database.db), gone.url("/"));
  await expect.poll(async () => (await findDeliveryRows(database.db))[0]?.attempts).toBeGreaterThan(2);
  expect(await findDeliveryRows(database.db)).toMatchObject([
    { inDoubt: false, lastError: expect.stringContaining("ECONNREFUSED") },
  ]);
  await using receiver = await startReceiver(undefined, port);
  await untilAll(database.db, ["delivered"]);
  expect(receiver.received).toHaveLength(1);
});

test("what one session tells one URL arrives in order, one at a time, and holds nobody else up", async () => {
  await using receiver = await startReceiver((res, { body }, nth) => {
    const stuck = body.answer === "1" && nth < 6;
    setTimeout(() => res.writeHead(stuck ? 503 : 200).end(), 10);
  });
  const [mine, other] = [await insertSession(database.db), await insertSession(database.db)];
  for (const answer of ["1", "2", "3", "4"]) await finishRun(database.db, mine, receiver.url("/mine"), answer);
  for (const answer of ["a", "b"]) await finishRun(database.db, other, receiver.url("/mine"), answer);
  await finishRun(database.db, mine, receiver.url("/elsewhere"), "5");
  await send();
  await untilAll(database.db, ["delivered"]);

  expect(receiver.twice, "one at a time to one URL").toEqual([]);
  const ofMine = receiver.received.filter(({ path, body }) => path === "/mine" && body.sessionId === mine);
  expect(ofMine.map(({ body }) => body.answer)).toEqual(["1", "1", "1", "1", "1", "1", "2", "3", "4"]);
  const at = (answer: string) => receiver.received.findIndex(({ body }) => body.answer === answer);
  expect(Math.max(at("a"), at("b"), at("5")), "others go while the first is stuck").toBeLessThan(at("2"));
});

test("what does not get through in a day is given up, visibly, and may be sent again by hand under its old id", async () => {
  let works = false;
  await using receiver = await startReceiver((res) => res.writeHead(works ? 200 : 503).end());
  const clock = { aheadMs: 0 };
  await send({ clock: () => new Date(Date.now() + clock.aheadMs) });
  const { db } = database;
  const sessionId = await insertSession(db);
  const id = await finishRun(db, sessionId, receiver.url("/?signature=secret"));
  await expect.poll(() => receiver.received.length).toBeGreaterThan(2);
  clock.aheadMs = 24 * 3_600_000 + 1_000;
  await wake(db);
  await untilAll(db, ["failed"]);

  const service = createDeliveryService({ db });
  const { items } = await service.list({ status: "failed" }, { limit: 10 });
  expect(items).toMatchObject([
    { deliveryId: id, status: "failed", lastStatus: 503, lastError: "Given up: The receiver answered 503" },
  ]);
  expect(items[0]?.address, "what is secret in it is not shown").toBe(receiver.url("/?…"));
  works = true;
  clock.aheadMs = 0;
  expect(await service.retry(id)).toMatchObject({ status: "pending", givenUpAt: null });
  const [sent] = await untilAll(db, ["delivered"]);
  expect(sent, "attempts, and the pauses between them, begin anew").toMatchObject({ attempts: 1 });
  expect(new Set(receiver.received.map(({ eventId }) => eventId))).toEqual(new Set([id]));
  await expect(service.retry(id)).rejects.toMatchObject({ code: "conflict" });
  await expect(service.retry(crypto.randomUUID())).rejects.toMatchObject({ code: "not_found" });
});

test("an answer without end is read to 64 KiB, and its beginning is kept", async () => {
  let written = 0;
  await using receiver = await startReceiver((res) => {
    const more = () => {
      while (!res.destroyed && written < 50_000_000) {
        written += 65_536;
        if (!res.write("x".repeat(65_536))) return void res.once("drain", more);
      }
    };
    more();
  });
  await send();
  await finishRun(database.db, await insertSession(database.db), receiver.url("/"));
  const [row] = await untilAll(database.db, ["delivered"]);
  expect(row?.response).toMatch(/^x{4000}… \[cut: \d+ more characters\]$/u);
  expect(written).toBeLessThan(20_000_000);
});
