import { registerHooks } from "node:module";

/*
 * Loaded into n8n before it starts. n8n's AI nodes load the driver of SQLite although only one of them could use it,
 * and without a compiler on the machine it is not built.
 */
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === "sqlite3" ? { url: "node:events", format: "builtin", shortCircuit: true } : next(specifier, context),
});
