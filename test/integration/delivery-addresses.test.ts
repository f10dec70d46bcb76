import { afterEach, beforeEach, expect, test } from "vitest";
import { createCallbackChannel } from "../../src/channels/callback/callback-channel.ts";
import { createOutboundUrls } from "../../src/deliveries/outbound-url.ts";
import { startReceiver } from "../support/callback-receiver.ts";
import { testDatabase, type TestDatabase } from "../support/database.ts";
import { finishRun, insertSession, SECRET, startSending, untilAll } from "../support/outbox.ts";

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

test("a name that was allowed and now points into the machine's own network is not called", async () => {
  await using receiver = await startReceiver();
  const address = `http://hook.example.com:${receiver.port}/`;
  const lookups: string[] = [];
  const outboundUrls = createOutboundUrls({ prefixes: [address] }, (name, _options, done) => {
    lookups.push(name);
    done(null, [{ address: "127.0.0.1", family: 4 }]);
  });
  const channels = [createCallbackChannel({ secret: SECRET, outboundUrls, version: "0" })];
  await send({ channels });
  await finishRun(database.db, await insertSession(database.db), outboundUrls.check("callbackUrl", address));
  const [row] = await untilAll(database.db, ["failed"]);
  expect(row?.lastError).toContain("resolves to this machine");
  expect(lookups).toEqual(["hook.example.com"]);
  expect(receiver.received).toEqual([]);
});

test("an address that the configuration no longer allows is not called", async () => {
  await using receiver = await startReceiver();
  await finishRun(database.db, await insertSession(database.db), "http://10.0.0.1/once-allowed");
  await send();
  expect(await untilAll(database.db, ["failed"])).toMatchObject([
    { lastError: expect.stringContaining("must be on this machine") },
  ]);
  expect(receiver.received).toEqual([]);
});
