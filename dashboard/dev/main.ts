import { emptyState } from "./fake-api.ts";
import { startMockServer } from "./mock-server.ts";
import { livelyState } from "./scenes.ts";

const PORT = 3001;
const empty = process.argv.includes("--empty");

/** `node dashboard/dev/main.ts [--empty]`: the API in memory, for work on the dashboard without database and Claude. */
const server = await startMockServer(empty ? emptyState() : livelyState(), PORT);
process.stdout.write(`The API in memory answers at ${server.url}\n`);
