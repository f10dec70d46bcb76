import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createConfig, lintFromString } from "@redocly/openapi-core";
import { startApp } from "../src/app.ts";
import { readConfig } from "../src/config.ts";
import { createLogger } from "../src/lib/logger.ts";

/*
 * Lints the OpenAPI document as a server serves it, with every door configured so that every route is in it: the
 * strictest published rule set, and beyond it the rules below. Nothing but this machine is asked.
 */
const RULES = {
  "component-name-unique": "error",
  "operation-4xx-problem-details-rfc7807": "error",
  "operation-singular-tag": "error",
  "operation-tag-defined": "error",
  "parameter-description": "error",
  "spec-strict-refs": "error",
  "tags-alphabetical": "error",
} as const;

/** Fewer than these mean that the document was not made, and then it would have no fault. */
const FEWEST_OPERATIONS = 50;

/** Nobody listens there: what a door would ask of its service fails, and it is opened all the same. */
const NOBODY = "127.0.0.1:9";
const DOORS = {
  SLACK_BOT_TOKEN: "xoxb-0-nobody",
  SLACK_SIGNING_SECRET: "0123456789abcdef0123456789abcdef",
  SLACK_CLIENT_ID: "1.1",
  SLACK_CLIENT_SECRET: "0123456789abcdef0123456789abcdef",
  SLACK_API_URL: `http://${NOBODY}/api/`,
  SMTP_HOST: "127.0.0.1",
  SMTP_PORT: "9",
  EMAIL_FROM: "claude@example.org",
  EMAIL_ALLOWED_SENDERS: "@example.org",
};

await using parts = new AsyncDisposableStack();
const folder = await mkdtemp(join(tmpdir(), "orchestrator-openapi-"));
parts.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
await chmod(folder, 0o711);
const environment = { ...DOORS, PATH: process.env["PATH"], HOME: folder, DATA_DIR: folder, API_PORT: "0" };
const app = parts.use(await startApp(readConfig(environment), createLogger("silent")));
const answer = await fetch(`${app.url}/api/openapi.json`);
const source = JSON.stringify(await answer.json(), null, 2);

const config = await createConfig({ extends: ["recommended-strict"], rules: RULES });
const problems = await lintFromString({ source, absoluteRef: "openapi.json", config });
for (const { ruleId, message, location } of problems) console.log(`${ruleId}: ${message} (${location[0]?.pointer})`);
const operations = source.match(/"operationId"/gu)?.length ?? 0;
console.log(`${operations} operations, ${problems.length} problems`);
if (problems.length > 0 || operations < FEWEST_OPERATIONS) process.exitCode = 1;
