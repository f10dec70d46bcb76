import { createDatabase } from "../../src/db/database.ts";
import { startSending } from "./outbox.ts";

/** A process that only sends, for tests that kill it: `node sender-process.ts <connection string>`. */
const [connectionString = ""] = process.argv.slice(2);
const db = createDatabase(connectionString);
await startSending({ db, connectionString }, { timeoutMs: 30_000 });
