import { expect, test } from "vitest";
import { createAnswerFiles } from "../../src/deliveries/answer-files.ts";
import type { Channel } from "../../src/deliveries/channel.ts";
import { testDatabase } from "../support/database.ts";
import { finishRun, insertSession, startSending, untilAll } from "../support/outbox.ts";

const MIB = 1024 ** 2;
const LARGE = Buffer.alloc(20 * MIB);
const ANSWER = "Here.\nATTACH: a.bin\nATTACH: b.bin";

test("files of at most 100 MiB are held at one time, whatever is on its way, and nothing waits for good", async () => {
  await using parts = new AsyncDisposableStack();
  const database = parts.use(await testDatabase());
  const { db } = database;
  let [held, most, alone] = [0, 0, 0];
  const open = Promise.withResolvers<void>();
  /** Keeps what it was given until the test has looked. */
  const channel: Channel = {
    kind: "callback",
    async send({ files }) {
      const { files: given } = await files();
      const bytes = given.reduce((sum, { size }) => sum + size, 0);
      if (bytes === 0) alone += 1;
      held += bytes;
      most = Math.max(most, held);
      await open.promise;
      held -= bytes;
      return { is: "delivered" };
    },
  };
  for (let nth = 0; nth < 7; nth += 1)
    await finishRun(db, await insertSession(db), `http://127.0.0.1:9/${nth}`, nth === 6 ? "No file." : ANSWER);
  const readFiles = createAnswerFiles({ readFile: () => Promise.resolve({ content: LARGE }) });
  parts.use(await startSending(database, { channels: [channel], readFiles }));
  await expect.poll(() => [held, alone], { timeout: 20_000 }).toEqual([80 * MIB, 1]);
  open.resolve();
  await untilAll(db, ["delivered"]);
  expect(most).toBe(80 * MIB);
});
