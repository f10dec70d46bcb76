import { expect } from "vitest";
import { createCallbackChannel } from "../../src/channels/callback/callback-channel.ts";
import type { Delivery } from "../../src/contract/delivery.ts";
import type { Database } from "../../src/db/database.ts";
import { notify, openListener } from "../../src/db/notify.ts";
import { queueCallbacks } from "../../src/deliveries/callback-queries.ts";
import type { Outgoing } from "../../src/deliveries/channel.ts";
import { startDeliverer, type DelivererParts } from "../../src/deliveries/deliverer.ts";
import { OUTBOX } from "../../src/deliveries/delivery-queries.ts";
import { createOutboundUrls } from "../../src/deliveries/outbound-url.ts";
import { createLogger } from "../../src/lib/logger.ts";
import { insertMessage } from "../../src/messages/message-queries.ts";
import { lockSession } from "../../src/sessions/session-queries.ts";

export const SECRET = "a secret that tests share";
/** Fast, so that a test sees many attempts; the rule itself has its own tests. */
export const quickPace = { baseMs: 20, capMs: 100, maxRetryAfterMs: 3_600_000 };

/** A session as the ledger holds it. */
export async function insertSession(db: Database, metadata: object = {}): Promise<string> {
  await db
    .insertInto("workers")
    .values({ id: "w", hostname: "h", pid: 1, version: "0", slots: 1 })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const { id } = await db
    .insertInto("sessions")
    .values({ title: "a session", projectType: "local", projectPath: "/", workerId: "w", metadata: { ...metadata } })
    .returning("id")
    .executeTakeFirstOrThrow();
  return id;
}

/** The end of a run that was asked for with a callback URL, written as the ledger writes it. Returns the delivery's id. */
export async function finishRun(
  db: Database,
  sessionId: string,
  callbackUrl: string,
  answer = "done",
): Promise<string> {
  return db.transaction().execute(async (tx) => {
    const session = await lockSession(tx, sessionId);
    const number = (session?.runCount ?? 0) + 1;
    const asked = await insertMessage(tx, {
      sessionId,
      direction: "inbound",
      source: "api",
      content: "?",
      callbackUrl,
    });
    const { id: runId } = await tx
      .insertInto("runs")
      .values({
        sessionId,
        messageId: asked.id,
        number,
        status: "succeeded",
        reason: "success",
        finishedAt: new Date(),
      })
      .returning("id")
      .executeTakeFirstOrThrow();
    await tx.updateTable("sessionMessages").set({ runId }).where("id", "=", asked.id).execute();
    await tx.updateTable("sessions").set({ runCount: number }).where("id", "=", sessionId).execute();
    await insertMessage(tx, {
      sessionId,
      runId,
      direction: "outbound",
      source: "claude",
      content: answer,
    });
    // As a run that is told of twice would.
    for (const _ of [1, 2]) await queueCallbacks(tx, { id: runId, sessionId });
    const { id } = await tx.selectFrom("deliveries").select("id").where("runId", "=", runId).executeTakeFirstOrThrow();
    return id;
  });
}

type Sending = Partial<Omit<DelivererParts, "db" | "listener" | "log">> & { timeoutMs?: number };

const summarizeDiff = () => Promise.resolve({ files: 1, added: 2, removed: 3 });
const readFiles = (_sessionId: string, text: string) => Promise.resolve({ text, files: [], refused: [] });
const baseUrl = () => "http://127.0.0.1:3001";

/** The answer in what a channel was given; fails when it was not the end of a run. */
export const answerIn = ({ body }: Outgoing): string | null =>
  body.type === "run.finished" ? body.answer : expect.fail(`a ${body.type} was sent`);

/** What sends, as one server process has it. */
export async function startSending(
  database: { db: Database; connectionString: string },
  { timeoutMs = 2_000, ...parts }: Sending = {},
) {
  const log = createLogger(process.env["TEST_LOG_LEVEL"] ?? "silent");
  await using made = new AsyncDisposableStack();
  const listener = made.use(await openListener(database.connectionString, log));
  const outboundUrls = createOutboundUrls({ prefixes: [] });
  const channels = [createCallbackChannel({ secret: SECRET, outboundUrls, version: "0", timeoutMs })];
  made.use(
    await startDeliverer({
      db: database.db,
      listener,
      log,
      channels,
      summarizeDiff,
      readFiles,
      baseUrl,
      pace: quickPace,
      ...parts,
    }),
  );
  return made.move();
}

export const wake = (db: Database): Promise<void> => notify(db, OUTBOX, "");

export const findDeliveryRows = (db: Database) => db.selectFrom("deliveries").selectAll().orderBy("position").execute();

/** The deliveries once all of them have one of these statuses. */
export async function untilAll(db: Database, statuses: readonly Delivery["status"][], timeoutMs = 20_000) {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const rows = await findDeliveryRows(db);
    if (rows.every(({ status }) => (statuses as readonly string[]).includes(status))) return rows;
    if (Date.now() > deadline)
      throw new Error(
        `still ${JSON.stringify(rows.map(({ id, status, attempts, lastError }) => ({ id, status, attempts, lastError })))}`,
      );
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
