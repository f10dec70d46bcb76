import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { sql } from "kysely";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Channel, Outcome } from "../../src/deliveries/channel.ts";
import { claimDelivery, renewClaims, settleDelivery } from "../../src/deliveries/claim-queries.ts";
import { startReceiver } from "../support/callback-receiver.ts";
import { testDatabase, type TestDatabase } from "../support/database.ts";
import { answerIn, findDeliveryRows, finishRun, insertSession, startSending, untilAll } from "../support/outbox.ts";

const senderProgram = fileURLToPath(new URL("../support/sender-process.ts", import.meta.url));

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

/** Numbers that look random and are the same in each run. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

test("two processes on one database send each delivery once, in order, never two at once", async () => {
  const random = numbers(7);
  await using receiver = await startReceiver((res, _, nth) => {
    const status = nth < 3 && random() < 0.4 ? 503 : 200;
    setTimeout(() => res.writeHead(status).end(), random() * 20);
  });
  const { db } = database;
  const sessions = await Promise.all(Array.from({ length: 6 }, () => insertSession(db)));
  await send();
  await send();
  for (let number = 0; number < 8; number++)
    await Promise.all(sessions.map((id, index) => finishRun(db, id, receiver.url(`/${index % 4}`), `${number}`)));
  const rows = await untilAll(db, ["delivered"]);

  expect(receiver.twice).toEqual([]);
  expect(receiver.faults).toEqual([]);
  expect(receiver.received).toHaveLength(rows.reduce((sum, { attempts }) => sum + attempts, 0));
  for (const sessionId of sessions) {
    const answers = receiver.received
      .filter(({ body }) => body.sessionId === sessionId)
      .map(({ body }) => Number(body.answer));
    expect(answers, "never one before an earlier one is done").toEqual(answers.toSorted((a, b) => a - b));
  }
});

test("whatever senders do and however they end, no delivery and no address has two attempts at once", async () => {
  const random = numbers(20_261_121);
  const { db } = database;
  const underWay = new Set<string>();
  const faults: string[] = [];
  const done: string[] = [];
  const outcomes: (() => Outcome)[] = [
    () => ({ is: "delivered" }),
    () => ({ is: "delivered" }),
    () => ({ is: "not_now", error: "later" }),
    () => ({ is: "unknown", error: "lost" }),
    () => {
      throw new Error("a bug");
    },
  ];
  const channel: Channel = {
    kind: "callback",
    async send(outgoing) {
      const { deliveryId, address, sessionId } = outgoing;
      for (const key of [deliveryId, address]) if (underWay.has(key)) faults.push(key);
      const keys = [deliveryId, address].filter((key) => !underWay.has(key));
      for (const key of keys) underWay.add(key);
      await sleep(random() * 15);
      for (const key of keys) underWay.delete(key);
      const outcome = (outcomes[Math.floor(random() * outcomes.length)] ?? expect.fail())();
      if (outcome.is === "delivered") done.push(`${sessionId} ${answerIn(outgoing)}`);
      return outcome;
    },
  };
  const sessions = await Promise.all(Array.from({ length: 8 }, () => insertSession(db)));
  for (let number = 0; number < 5; number++)
    await Promise.all(sessions.map((id, index) => finishRun(db, id, `http://127.0.0.1/${index % 5}`, `${number}`)));

  const open = async () => senders.use(await startSending(database, { channels: [channel], random }));
  const live = [await open(), await open(), await open()];
  for (let turn = 0; turn < 6; turn++) {
    await sleep(random() * 150);
    const [oldest] = live.splice(0, 1);
    live.push(await open());
    await oldest?.disposeAsync();
  }
  await untilAll(db, ["delivered"], 40_000);

  expect(faults).toEqual([]);
  expect(done.toSorted()).toEqual(
    sessions.flatMap((id) => ["0", "1", "2", "3", "4"].map((number) => `${id} ${number}`)).toSorted(),
  );
  for (const sessionId of sessions)
    expect(done.filter((line) => line.startsWith(sessionId))).toEqual(
      ["0", "1", "2", "3", "4"].map((number) => `${sessionId} ${number}`),
    );
});

test("of many that claim at once each delivery goes to one, and a fence keeps out whoever lost it", async () => {
  const { db } = database;
  const sessions = await Promise.all(Array.from({ length: 5 }, () => insertSession(db)));
  for (const [index, id] of sessions.entries()) await finishRun(db, id, `http://127.0.0.1/${index % 3}`);
  const claiming = { kinds: ["callback"], now: new Date(), claimMs: 300 };
  const claimed = (await Promise.all(Array.from({ length: 20 }, () => claimDelivery(db, claiming)))).filter(
    (it) => it !== undefined,
  );
  expect(new Set(claimed.map(({ address }) => address)).size, "one for each address").toBe(3);
  expect(claimed).toHaveLength(3);
  const [first = expect.fail()] = claimed;
  expect(await renewClaims(db, [first.claim], 300)).toEqual(new Set([first.claim]));

  await sleep(350);
  const again = (
    await Promise.all(Array.from({ length: 20 }, () => claimDelivery(db, { ...claiming, claimMs: 60_000 })))
  ).filter((it) => it !== undefined);
  expect(again.map(({ id }) => id).toSorted()).toEqual(claimed.map(({ id }) => id).toSorted());
  expect(again.every(({ inDoubt, attempts }) => inDoubt && attempts === 2)).toBe(true);
  const end = { outcome: { is: "delivered" as const }, verdict: { status: "delivered" as const }, now: new Date() };
  expect(await settleDelivery(db, first, end), "the first claim is gone").toBe(false);
  expect(await renewClaims(db, [first.claim], 300)).toEqual(new Set());
  expect(await Promise.all(again.map((row) => settleDelivery(db, row, end)))).toEqual([true, true, true]);
});

test("a stop in the middle of a send lets it arrive, or leaves it in doubt for the next start", async () => {
  let hangs = false;
  await using receiver = await startReceiver((res) => {
    if (!hangs) setTimeout(() => res.end(), 400);
  });
  const { db } = database;
  const sessionId = await insertSession(db);
  const first = await startSending(database, { timeoutMs: 30_000 });
  await finishRun(db, sessionId, receiver.url("/"), "slow");
  await expect.poll(() => receiver.received.length).toBe(1);
  await first.disposeAsync();
  expect(await findDeliveryRows(db), "what answers soon is waited for").toMatchObject([
    { status: "delivered", attempts: 1 },
  ]);

  hangs = true;
  const second = await startSending(database, { timeoutMs: 30_000 });
  await finishRun(db, sessionId, receiver.url("/"), "stuck");
  await expect.poll(() => receiver.received.length).toBe(2);
  await second.disposeAsync();
  expect((await findDeliveryRows(db))[1]).toMatchObject({ status: "pending", attempts: 1, inDoubt: true });
  hangs = false;
  await send();
  await untilAll(db, ["delivered"]);
  expect(receiver.received.map(({ body, attempt }) => [body.answer, attempt])).toEqual([
    ["slow", 1],
    ["stuck", 1],
    ["stuck", 2],
  ]);
});

test("a process that is killed in the middle of a send is replaced within 20 s, and others are not held up", async () => {
  await using receiver = await startReceiver((res, { body }, nth) => {
    if (body.answer !== "stuck" || nth > 1) res.end();
  });
  const { db, connectionString } = database;
  const child = spawn(process.execPath, [senderProgram, connectionString], { stdio: "ignore" });
  const sessionId = await insertSession(db);
  const id = await finishRun(db, sessionId, receiver.url("/"), "stuck");
  await finishRun(db, sessionId, receiver.url("/"), "behind it");
  await expect.poll(() => receiver.received.length, { timeout: 20_000 }).toBe(1);
  child.kill("SIGKILL");
  await once(child, "exit");
  const killedAt = Date.now();

  await send();
  await finishRun(db, await insertSession(db), receiver.url("/other"), "another session");
  await expect.poll(() => receiver.received.some(({ path }) => path === "/other")).toBe(true);
  await untilAll(db, ["delivered"], 25_000);
  expect(Date.now() - killedAt).toBeLessThan(21_000);
  const mine = receiver.received.filter(({ path }) => path === "/");
  expect(mine.map(({ body, attempt }) => [body.answer, attempt])).toEqual([
    ["stuck", 1],
    ["stuck", 2],
    ["behind it", 1],
  ]);
  expect(mine[1]?.eventId).toBe(id);
});

test("a channel that can ask settles what is in doubt before it sends again", async () => {
  const { db } = database;
  const sent: string[] = [];
  const told: ("sent" | "not_sent" | "unknown")[] = [];
  const asked: string[] = [];
  const channel: Channel = {
    kind: "callback",
    send(outgoing) {
      const { attempt } = outgoing;
      sent.push(`${answerIn(outgoing)} ${attempt}`);
      const outcome: Outcome = attempt === 1 ? { is: "unknown", error: "lost" } : { is: "delivered" };
      return Promise.resolve(outcome);
    },
    ask(outgoing) {
      asked.push(answerIn(outgoing) ?? "");
      return Promise.resolve(told.shift() ?? "unknown");
    },
  };
  told.push("unknown", "unknown", "sent", "not_sent");
  const sessionId = await insertSession(db);
  await finishRun(db, sessionId, "http://127.0.0.1/", "arrived");
  await finishRun(db, sessionId, "http://127.0.0.1/", "lost");
  await send({ channels: [channel] });
  await untilAll(db, ["delivered"]);
  expect(asked).toEqual(["arrived", "arrived", "arrived", "lost"]);
  expect(sent).toEqual(["arrived 1", "lost 1", "lost 2"]);
});

test("a sender that loses its claim is cut off, and what it then learns counts for nothing", async () => {
  const { db } = database;
  const cutOff = Promise.withResolvers<unknown>();
  let calls = 0;
  const channel: Channel = {
    kind: "callback",
    send(_delivery, signal) {
      calls += 1;
      if (calls > 1) return Promise.resolve<Outcome>({ is: "delivered" });
      return new Promise((resolve) => {
        signal.addEventListener(
          "abort",
          () => (cutOff.resolve(signal.reason), resolve({ is: "refused", error: "too late" })),
        );
      });
    },
  };
  await finishRun(db, await insertSession(db), "http://127.0.0.1/");
  await send({ channels: [channel] });
  await expect.poll(() => calls).toBe(1);
  // As if this process had slept, and another had taken the delivery over and died.
  const taken = { claim: crypto.randomUUID(), claimUntil: new Date(Date.now() + 500), inDoubt: true };
  await db.updateTable("deliveries").set(taken).execute();
  expect(await cutOff.promise).toMatchObject({ message: "The claim was lost" });
  expect(await untilAll(db, ["delivered"])).toMatchObject([{ attempts: 2, lastError: null }]);
  expect(calls).toBe(2);
});

test("an answer that comes while the ledger cannot be written is not forgotten", async () => {
  const { db } = database;
  const answer = Promise.withResolvers<void>();
  await using receiver = await startReceiver((res) => void answer.promise.then(() => res.end()));
  await send();
  await finishRun(db, await insertSession(db), receiver.url("/"));
  await expect.poll(() => receiver.received.length).toBe(1);
  await sql`alter table deliveries rename to deliveries_away`.execute(db);
  answer.resolve();
  await sleep(1_000);
  await sql`alter table deliveries_away rename to deliveries`.execute(db);
  expect(await untilAll(db, ["delivered"])).toMatchObject([{ attempts: 1, lastStatus: 200 }]);
  expect(receiver.received).toHaveLength(1);
});
