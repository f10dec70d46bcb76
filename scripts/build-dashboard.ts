// Builds the dashboard when its build is missing or stale, as the server does after it has started: for installations
// whose files the server may not write.
import { resolve } from "node:path";
import { buildDashboard } from "../src/cli/build-dashboard.ts";
import { createLogger } from "../src/lib/logger.ts";

await buildDashboard(resolve("dashboard/dist"), createLogger("info"));
