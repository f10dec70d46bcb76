import { createInterface } from "node:readline";
import { createDatabase } from "../../src/db/database.ts";
import { openScheduling } from "./scheduling.ts";

/**
 * A process that only fires schedules, by a clock that its parent keeps: it reads times from its input, and says each
 * when it has done what was due. `node schedule-process.ts <connection string>`
 */
const [connectionString = ""] = process.argv.slice(2);
const { scheduler } = openScheduling(createDatabase(connectionString, { max: 2 }));
process.stdout.write("ready\n");
for await (const line of createInterface({ input: process.stdin })) {
  await scheduler.tick(new Date(line));
  process.stdout.write(`${line}\n`);
}
process.exit();
