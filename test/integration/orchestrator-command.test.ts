import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";
import { testDatabase } from "../support/database.ts";
import { startHubStandIn } from "../support/hub-stand-in.ts";
import { openServerPlace } from "../support/server-process.ts";

const MAIN = resolve(import.meta.dirname, "../../src/main.ts");
const TOKEN = `ao_0123456789abcdef_${"5".repeat(64)}`;

test("--orchestrator-token wins over the variable, and stands neither in the log nor for long in the list of processes", async () => {
  await using database = await testDatabase();
  await using place = await openServerPlace();
  await using hub = await startHubStandIn();
  const values = {
    DATABASE_URL: database.connectionString,
    ORCHESTRATOR_MODE: "client",
    ORCHESTRATOR_URL: hub.url,
    ORCHESTRATOR_TOKEN: "ao_of_the_variable",
  };
  await using server = await place.start(values, ["serve", "--orchestrator-token", TOKEN]);
  const machine = await hub.machine(0);
  expect(new URL(machine.request.url ?? "", "ws://hub").searchParams.get("token")).toBe(TOKEN);
  expect(await machine.frame("register")).toMatchObject({ user_token: TOKEN });
  const shown = await readFile(`/proc/${server.pid}/cmdline`, "utf8").catch(() => "no /proc here");
  expect(shown).not.toContain("ao_");
  expect(server.log()).not.toContain("ao_");
});

test("the help says of --orchestrator-token that the variable is better", async () => {
  const { stdout } = await execa(process.execPath, [MAIN, "serve", "--help"], { extendEnv: false });
  expect(stdout.replaceAll(/\s+/gu, " ")).toContain("so ORCHESTRATOR_TOKEN is better");
});
