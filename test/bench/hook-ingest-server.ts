import { createServer } from "node:http";
import { createDatabase } from "../../src/db/database.ts";
import { createHookRoutes } from "../../src/hooks/hook-routes.ts";
import { openHookService } from "../../src/hooks/hook-service.ts";
import { startServer } from "../../src/http/server.ts";
import { createLogger } from "../../src/lib/logger.ts";

/** The servers to be measured, in a process of their own: node hook-ingest-server.ts <database URL>. Tells its ports. */
const [connectionString = ""] = process.argv.slice(2);
const log = createLogger("info");
const db = createDatabase(connectionString);
const hooks = openHookService({ db, connectionString, log, workerId: "bench" });
const ours = await startServer({
  settings: {
    host: "127.0.0.1",
    port: 0,
    allowedHosts: [],
    apiKeys: [],
    rateLimitPerMinute: 600,
    dashboardDir: "/nonexistent",
  },
  version: "0.0.0",
  log,
  verifyRunToken: () => Promise.resolve(undefined),
  openRouters: [],
  hookRouters: [createHookRoutes({ hooks })],
  routers: [],
});

/** What a server of nothing costs: it reads the body, parses it and forgets it. */
const raw = createServer((req, res) => {
  const chunks: Buffer[] = [];
  req.on("data", (chunk: Buffer) => chunks.push(chunk));
  req.on("end", () => {
    JSON.parse(Buffer.concat(chunks).toString("utf8"));
    res.writeHead(204).end();
  });
});
raw.listen({ host: "127.0.0.1", port: 0 }, () => {
  const address = raw.address();
  process.send?.({ ours: ours.port, raw: typeof address === "object" ? address?.port : undefined });
});

let before = process.cpuUsage();
process.on("message", () => {
  const { user, system } = process.cpuUsage(before);
  before = process.cpuUsage();
  process.send?.({ cpuMs: (user + system) / 1_000 });
});
process.on("disconnect", () => process.exit());
