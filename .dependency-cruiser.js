/**
 * The rules of ARCHITECTURE.md that a tool can check.
 * Three tiers: foundations ← ledger ← doors; a lower one never imports a higher one. app.ts hands over the real things.
 */
const foundations = "^src/(contract|lib|db|http|queue|auth)/";
const ledger = "^src/(sessions|messages|runs|workspaces|claude|hooks|deliveries|subscriptions|usage)/";
const doors = "^src/(channels|schedules|github|approvals|orchestrator|hub|orchestration|cli)/";
const notJustTypes = { dependencyTypesNot: ["type-only"] };

const rule = (name, comment, from, to) => ({ name, comment, severity: "error", from, to });

/** A vendor is known in one place, so that it can be replaced there. */
const only = (name, vendor, place) =>
  rule(
    `${name}-in-its-place`,
    `imported only from ${place}`,
    { path: "^src/", pathNot: place },
    { path: `(^|/)node_modules/(${vendor})/` },
  );

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    rule(
      "no-cycles",
      "a cycle at run time has no first file to read",
      {},
      {
        circular: true,
        viaOnly: { dependencyTypesNot: ["type-only"] },
      },
    ),
    rule("no-unresolvable", "what is imported must exist", {}, { couldNotResolve: true }),
    rule(
      "contract-needs-only-zod",
      "the dashboard bundles it",
      { path: "^src/contract/" },
      {
        pathNot: ["^src/contract/", "(^|/)node_modules/zod/"],
      },
    ),
    rule(
      "foundations-know-no-features",
      "lower tiers never import higher ones",
      { path: foundations },
      {
        path: [ledger, doors],
      },
    ),
    rule("ledger-knows-no-doors", "lower tiers never import higher ones", { path: ledger }, { path: doors }),
    rule(
      "ledger-shares-queries-only",
      "another ledger folder is used through its queries (state-less functions of a transaction) and its types",
      { path: ledger },
      { path: ledger, pathNot: ["^src/$1/", "-queries\\.ts$"], ...notJustTypes },
    ),
    rule(
      "doors-never-import-doors",
      "app.ts hands services over",
      { path: doors },
      { path: doors, pathNot: "^src/$1/" },
    ),
    rule(
      "doors-get-services-from-app",
      "app.ts hands services over",
      { path: doors, pathNot: "^src/cli/" },
      {
        path: ledger,
        ...notJustTypes,
      },
    ),
    rule(
      "app-is-above-all",
      "features know nothing of the composition",
      { path: [foundations, ledger, doors], pathNot: "^src/cli/" },
      {
        path: "^src/(app|main)\\.ts$",
      },
    ),
    rule(
      "only-main-and-cli-start-app",
      "one composition root",
      { path: "^src/", pathNot: ["^src/main\\.ts$", "^src/cli/"] },
      {
        path: "^src/app\\.ts$",
      },
    ),
    rule(
      "routes-ask-services",
      "read-only usage may ask its queries",
      { path: "-routes\\.ts$", pathNot: "^src/usage/" },
      {
        path: ["-queries\\.ts$", "^src/db/"],
      },
    ),
    rule(
      "sources-stand-alone",
      "nothing that ships needs tests, scripts or the demo",
      { path: "^(src|bin)/" },
      {
        path: "^(test|scripts|demo|dashboard)/",
      },
    ),
    rule(
      "dashboard-sees-only-the-contract",
      "everything else comes over HTTP",
      { path: "^dashboard/" },
      {
        path: "^src/",
        pathNot: "^src/contract/",
      },
    ),
    rule(
      "pages-on-top",
      "pages → components → api",
      { path: "^dashboard/src/(api|components|lib)/" },
      {
        path: "^dashboard/src/pages/",
      },
    ),
    rule(
      "api-below-components",
      "pages → components → api",
      { path: "^dashboard/src/(api|lib)/" },
      {
        path: "^dashboard/src/components/",
      },
    ),
    rule(
      "child-processes-in-their-place",
      "processes are started where their life is looked after",
      { path: "^src/", pathNot: "^src/(claude|workspaces|db/embedded|cli)/" },
      { path: ["^(node:)?child_process$", "(^|/)node_modules/execa/"] },
    ),
    only("express", "express|express-rate-limit|helmet|pino-http|zod-openapi", "^src/http/|-routes\\.ts$"),
    only("database", "kysely|pg", "^src/db/|-queries\\.ts$|^src/queue/queue\\.ts$"),
    only("queue", "pg-boss", "^src/queue/"),
    only("ajv", "ajv|ajv-formats", "^src/lib/json-schema\\.ts$"),
    only("pino", "pino", "^src/lib/logger\\.ts$"),
    only("commander", "commander", "^src/cli/"),
    only("cron-lines", "croner", "^src/lib/cron-line\\.ts$"),
    only("cron-ticks", "node-cron", "^src/schedules/cron-ticks\\.ts$"),
    only("mcp", "@modelcontextprotocol", "^src/cli/mcp-"),
    only("slack", "@slack", "^src/channels/slack/"),
    only("mail", "nodemailer|imapflow|mailparser|mailauth|email-reply-parser", "^src/channels/email/"),
    only("web-sockets", "ws", "^src/(hub|orchestrator)/"),
    only("socket-io", "socket\\.io", "^src/orchestration/"),
    only("github", "octokit|@octokit", "^src/github/"),
    only("e2b", "e2b", "^src/workspaces/e2b-sandbox\\.ts$"),
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: ["^dashboard/dist/", "^src/http/static/", "^test/fixtures/"] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "types", "default"] },
  },
};
