import { createDatabase } from "../../src/db/database.ts";
import { startLive, type KnownSlack } from "./slack-sending.ts";

/** A process that only shows progress, for tests that kill it: `node … <connection string> <url of the API> <team as JSON>`. */
const [connectionString = "", apiUrl = "", team = "{}"] = process.argv.slice(2);
const known = JSON.parse(team) as KnownSlack["teams"] extends ReadonlyMap<string, infer T> ? T : never;
const db = createDatabase(connectionString);
await startLive({ db, connectionString, slack: { apiUrl, teams: new Map([[known.id, known]]) } });
