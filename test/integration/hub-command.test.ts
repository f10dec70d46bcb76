import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { testDatabase } from "../support/database.ts";
import { openSocket } from "../support/hub.ts";
import { openServerPlace } from "../support/server-process.ts";

const MAIN = resolve(import.meta.dirname, "../../src/main.ts");

test("a hub is started and looked after by commands, beside each other", async () => {
  await using database = await testDatabase();
  await using place = await openServerPlace();
  const values = { DATABASE_URL: database.connectionString, HUB_PORT: "0", LOG_LEVEL: "info" };
  await using hub = await place.start(values, ["hub"]);
  const run = async (...args: string[]) => {
    const child = spawn(process.execPath, [MAIN, "hub", ...args], {
      env: place.environment(values),
      cwd: place.folder,
    });
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
    return `${out}${err}`;
  };
  const token = (await run("tokens", "create", "laptop")).trim();
  expect(token).toMatch(/^ao_[0-9a-f]{16}_[0-9a-f]{64}$/);
  const { port } = new URL(hub.url);
  await using machine = await openSocket(`ws://127.0.0.1:${port}/ws/connect?token=${token}`);
  machine.send({ type: "register", client_id: "box", user_token: "", metadata: { hostname: "box", project: "/work" } });
  await machine.frame("registered");
  expect(await run("machines")).toMatch(/^m\w{15} {2}idle\s+local {2}box {2}\/work {2}seen/);
  const id = token.split("_")[1] ?? "";
  expect(await run("tokens", "revoke", id)).toBe(`${id} is revoked\n`);
  expect(await machine.untilClosed()).toMatchObject({ code: 1008 });
  expect(hub.log()).not.toContain(token);
});
