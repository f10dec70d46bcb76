import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, expect, test } from "vitest";

const tool = resolve("node_modules/dependency-cruiser/bin/dependency-cruiser.mjs");
const folder = mkdtempSync(join(tmpdir(), "boundaries-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** One violation of each rule: the file that breaks it, and what that file imports. */
const violations: Record<string, [file: string, imported: string]> = {
  "no-cycles": ["src/lib/ring-a.ts", "./ring-b.ts"],
  "no-unresolvable": ["src/lib/lost.ts", "./nowhere.ts"],
  "contract-needs-only-zod": ["src/contract/session.ts", "../lib/errors.ts"],
  "foundations-know-no-features": ["src/http/curious.ts", "../runs/run-queries.ts"],
  "ledger-knows-no-doors": ["src/sessions/curious.ts", "../hub/hub-service.ts"],
  "ledger-shares-queries-only": ["src/sessions/nosy.ts", "../runs/run-service.ts"],
  "doors-never-import-doors": ["src/schedules/nosy.ts", "../hub/hub-service.ts"],
  "doors-get-services-from-app": ["src/hub/impatient.ts", "../runs/run-service.ts"],
  "app-is-above-all": ["src/queue/impatient.ts", "../main.ts"],
  "only-main-and-cli-start-app": ["src/runs/starter.ts", "../app.ts"],
  "routes-ask-services": ["src/sessions/session-routes.ts", "./session-queries.ts"],
  "sources-stand-alone": ["src/lib/tested.ts", "../../test/support/peers.ts"],
  "dashboard-sees-only-the-contract": ["dashboard/src/api/deep.ts", "../../../src/lib/errors.ts"],
  "pages-on-top": ["dashboard/src/components/upside-down.ts", "../pages/session-page.ts"],
  "api-below-components": ["dashboard/src/api/upside-down.ts", "../components/button.ts"],
  "child-processes-in-their-place": ["src/sessions/spawner.ts", "node:child_process"],
  "express-in-its-place": ["src/runs/web.ts", "express"],
  "database-in-its-place": ["src/runs/run-service.ts", "kysely"],
  "queue-in-its-place": ["src/runs/boss.ts", "pg-boss"],
  "ajv-in-its-place": ["src/runs/shapes.ts", "ajv"],
  "cron-lines-in-its-place": ["src/schedules/line.ts", "croner"],
  "cron-ticks-in-its-place": ["src/lib/ticks.ts", "node-cron"],
  "mcp-in-its-place": ["src/http/tools.ts", "@modelcontextprotocol/sdk"],
  "pino-in-its-place": ["src/runs/talkative.ts", "pino"],
  "commander-in-its-place": ["src/http/commands.ts", "commander"],
  "slack-in-its-place": ["src/hub/chat.ts", "@slack/bolt"],
  "mail-in-its-place": ["src/hub/post.ts", "nodemailer"],
  "web-sockets-in-its-place": ["src/http/socket.ts", "ws"],
  "socket-io-in-its-place": ["src/http/rooms.ts", "socket.io"],
  "github-in-its-place": ["src/hub/issues.ts", "octokit"],
  "e2b-in-its-place": ["src/workspaces/sandbox.ts", "e2b"],
};
/** What the violations import; none of it breaks a rule. */
const innocent: Record<string, string> = {
  "src/lib/ring-b.ts": 'import "./ring-a.ts";',
  "src/lib/errors.ts": "",
  "src/runs/run-queries.ts": 'import "kysely";',
  "src/sessions/session-queries.ts":
    'import { a } from "../runs/run-queries.ts"; import type { B } from "../runs/run-service.ts"; export const c: B = a;',
  "src/hub/hub-service.ts": 'import type { B } from "../runs/run-service.ts"; export let b: B;',
  "src/main.ts": 'import "./app.ts";',
  "src/app.ts": "",
  "test/support/peers.ts": "",
  "dashboard/src/pages/session-page.ts": 'import "../components/button.ts"; import "../api/good.ts";',
  "dashboard/src/components/button.ts": "",
  "dashboard/src/api/good.ts": 'import type { C } from "../../../src/contract/page.ts"; export let c: C;',
  "src/contract/page.ts": 'import { z } from "zod"; export type C = typeof z;',
};
const vendors = ["express", "kysely", "pg-boss", "pino", "commander", "@slack/bolt", "nodemailer", "ws"];
const moreVendors = ["socket.io", "octokit", "e2b", "zod", "ajv", "croner", "node-cron", "@modelcontextprotocol/sdk"];

function write(file: string, text: string): void {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), text);
}

type Report = { summary: { violations: { rule: { name: string }; from: string }[]; totalCruised: number } };

function cruise(): Report {
  const { stdout } = spawnSync(process.execPath, [tool, "src", "dashboard/src", "--output-type", "json"], {
    cwd: folder,
    encoding: "utf8",
  });
  return JSON.parse(stdout) as Report;
}

test("each boundary rule catches a planted violation, and only that", () => {
  for (const file of [".dependency-cruiser.js", "tsconfig.json"]) cpSync(file, join(folder, file));
  write("package.json", '{ "type": "module" }');
  for (const vendor of [...vendors, ...moreVendors]) {
    write(`node_modules/${vendor}/package.json`, `{ "name": "${vendor}", "main": "index.js" }`);
    write(`node_modules/${vendor}/index.js`, "");
  }
  for (const [file, text] of Object.entries(innocent)) write(file, text);
  for (const [file, imported] of Object.values(violations)) write(file, `import ${JSON.stringify(imported)};`);

  const found = cruise().summary.violations.map(({ rule, from }) => `${rule.name}: ${from}`);
  const planted = Object.entries(violations).map(([name, [file]]) => `${name}: ${file}`);
  expect(planted.filter((line) => !found.includes(line))).toEqual([]);
  const files = new Set(Object.values(violations).map(([file]) => file));
  expect(found.filter((line) => !files.has(line.split(": ")[1] ?? "") && !line.endsWith("ring-b.ts"))).toEqual([]);
});

test("no rule is left untried", async () => {
  const configuration = (await import(resolve(".dependency-cruiser.js"))) as {
    default: { forbidden: { name: string }[] };
  };
  const names = configuration.default.forbidden.map(({ name }) => name);
  expect(Object.keys(violations).toSorted()).toEqual(names.toSorted());
});
