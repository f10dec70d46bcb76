import { sql } from "kysely";
import { expect, test } from "vitest";
import { testDatabase } from "../support/database.ts";

const backend = sql<{ pid: number }>`select pg_backend_pid() as pid`;

test("a connection that breaks between two statements of a transaction fails that transaction, not the process", async () => {
  await using database = await testDatabase();
  const { db } = database;
  const broken = db.transaction().execute(async (tx) => {
    const { rows } = await backend.execute(tx);
    await sql`select pg_terminate_backend(${rows[0]?.pid})`.execute(db);
    // Long enough for the end of the connection to be heard while no statement is under way.
    await new Promise((resolve) => setTimeout(resolve, 200));
    return backend.execute(tx);
  });
  await expect(broken).rejects.toThrow(/connection|terminat/i);
  expect((await backend.execute(db)).rows).toHaveLength(1);
});
