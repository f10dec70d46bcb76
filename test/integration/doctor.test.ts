import { join, resolve } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";
import { z } from "zod";
import { openServerPlace } from "../support/server-process.ts";

const MAIN = resolve(import.meta.dirname, "../../src/main.ts");
const Report = z.object({
  ok: z.boolean(),
  checks: z.array(
    z.object({
      name: z.string(),
      state: z.enum(["ok", "warn", "fail"]),
      text: z.string(),
      advice: z.string().optional(),
    }),
  ),
});

async function command(cwd: string, env: Record<string, string>, ...args: string[]) {
  const { exitCode, stdout, stderr } = await execa(process.execPath, [MAIN, ...args], {
    cwd,
    env,
    extendEnv: false,
    reject: false,
    timeout: 60_000,
  });
  return { exitCode, stdout, stderr };
}

async function doctor(cwd: string, env: Record<string, string>) {
  const { exitCode, stdout, stderr } = await command(cwd, env, "doctor", "--json");
  expect(stderr).toBe("");
  const { ok, checks } = Report.parse(JSON.parse(stdout));
  const stateOf = Object.fromEntries(checks.map(({ name, state }) => [name, state]));
  const textOf = (name: string) => checks.find((check) => check.name === name)?.text;
  return { exitCode, ok, checks, stateOf, textOf, stdout };
}

test("beside a running server the doctor finds all well, and says that the database is in use", async () => {
  await using place = await openServerPlace();
  await using server = await place.start();
  const values = { API_PORT: new URL(server.url).port };
  const { exitCode, ok, stateOf, textOf, stdout } = await doctor(place.folder, place.environment(values));
  expect(stateOf).toMatchObject({
    "Claude Code": "ok",
    login: "ok",
    git: "ok",
    database: "ok",
    "database tables": "ok",
  });
  expect(stateOf).toMatchObject({ clock: "ok", API_PORT: "ok", DATA_DIR: "ok", WORKSPACE_BASE: "ok", API_KEY: "ok" });
  expect(textOf("database")).toMatch(/^embedded, in use by a server that runs now .*, 18\./);
  expect(textOf("API_PORT")).toMatch(/^claude-orchestrator .* runs on/);
  expect(textOf("login")).toBe("by ANTHROPIC_API_KEY of the environment");
  expect(stdout, "the key itself").not.toContain(place.environment()["ANTHROPIC_API_KEY"] ?? "?");
  expect([exitCode, ok]).toEqual([0, true]);

  const dryRun = await command(place.folder, place.environment(), "retention", "--dry-run");
  expect(dryRun).toMatchObject({ exitCode: 0, stderr: "" });
  expect(dryRun.stdout).toContain("events: 0 older than 90 days, 0.0 MB");
  const real = await command(place.folder, place.environment(), "retention");
  expect(real, "the server does it itself").toMatchObject({ exitCode: 1, stdout: "" });
  expect(real.stderr).toMatch(/Process \d+ uses the embedded database/);
});

test("each thing that is missing fails by itself, with what to do, and the exit code is 1", async () => {
  await using place = await openServerPlace();
  const {
    PATH: _,
    ANTHROPIC_API_KEY: __,
    ...env
  } = place.environment({ DATABASE_URL: "postgresql://nobody:secret-word@127.0.0.1:9/x" });
  const nowhere = join(place.folder, "nowhere");
  const found = await doctor(place.folder, {
    ...env,
    PATH: nowhere,
    DISK_MIN_FREE_MB: "100000000",
    CLAUDE_COMMAND: "/nowhere/claude",
  });
  expect(found.stateOf).toMatchObject({
    "Claude Code": "fail",
    login: "fail",
    git: "fail",
    database: "fail",
    disk: "fail",
  });
  expect(found.checks.filter(({ state }) => state === "fail").every(({ advice }) => (advice ?? "") !== "")).toBe(true);
  expect(found.stdout).not.toContain("secret-word");
  expect([found.exitCode, found.ok]).toEqual([1, false]);
});

test("a configuration that cannot be read is told in one line", async () => {
  await using place = await openServerPlace();
  const { exitCode, stdout } = await command(place.folder, place.environment({ API_HOST: "0.0.0.0" }), "doctor");
  expect(exitCode).toBe(1);
  expect(stdout).toMatch(
    /^✗ configuration: API_HOST=0\.0\.0\.0 is reachable from other machines: set API_KEY.*\n {4}→ .*$/,
  );
});
