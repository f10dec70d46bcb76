import { execFileSync } from "node:child_process";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createDatabase } from "../src/db/database.ts";
import { startEmbeddedPostgres } from "../src/db/embedded/embedded-postgres.ts";
import { migrate } from "../src/db/migrate.ts";
import { createLogger } from "../src/lib/logger.ts";

/**
 * Writes src/db/schema.ts from a database that sql/ has made; with --verify it only compares, and fails when the two
 * differ. It brings a database of its own.
 */
const root = resolve(import.meta.dirname, "..");

await using parts = new AsyncDisposableStack();
const dataDir = await mkdtemp(join(tmpdir(), "orchestrator-types-"));
parts.defer(() => rm(dataDir, { recursive: true, force: true }));
await chmod(dataDir, 0o711);
const server = parts.use(await startEmbeddedPostgres({ dataDir, log: createLogger("warn") }));

const db = createDatabase(server.connectionString);
parts.defer(() => db.destroy());
await migrate(db, join(root, "sql"));

const types = { int8: "number", xid8: "string", json: "JsonColumn", jsonb: "JsonColumn" };
const options = {
  url: server.connectionString,
  dialect: "postgres",
  "numeric-parser": "number",
  "exclude-pattern": "kysely_*",
  "type-mapping": JSON.stringify(types),
  "custom-imports": JSON.stringify({ JsonColumn: "./json-column.ts" }),
  "out-file": join(root, "src/db/schema.ts"),
};
const codegen = createRequire(import.meta.url).resolve("kysely-codegen/dist/cli/bin.js");
const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
const mode = process.argv.includes("--verify") ? ["--verify"] : [];
try {
  execFileSync(process.execPath, [codegen, "--camel-case", ...flags, ...mode], { stdio: "inherit", cwd: root });
} catch {
  process.exitCode = 1;
}
