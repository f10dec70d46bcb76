import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { findClaude } from "../../../src/claude/claude-command.ts";
import { compareVersions, FLOOR_VERSION, PINNED_VERSION } from "../../../src/claude/claude-version.ts";

const folder = mkdtempSync(join(tmpdir(), "claude-command-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A program that says what `claude --version` says; it notes each call in a file beside it. */
function install(place: string, says: string, mode = 0o755): string {
  const path = join(folder, place);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, `#!/bin/sh\necho x >>"${path}.calls"\necho "${says}"\n`);
  chmodSync(path, mode);
  return path;
}
const found = async (command: string | undefined, ...path: string[]) =>
  findClaude({ command, path: [...path, "/usr/bin", "/bin"].join(":") });

test("the command that was named wins over the PATH", async () => {
  const named = install("named/my claude", "2.1.250 (Claude Code)");
  install("on-path/claude", "2.1.300 (Claude Code)");
  expect(await found(named, join(folder, "on-path"))).toEqual({ argv: [named], version: "2.1.250", state: "tested" });
});

test("the PATH is searched in order, without npm's links to our own tools and without what cannot run", async () => {
  install("a/node_modules/.bin/claude", "9.9.9 (Claude Code)");
  install("not-executable/claude", "9.9.9 (Claude Code)", 0o644);
  mkdirSync(join(folder, "is-a-folder/claude"), { recursive: true });
  const right = install("right/claude", "2.1.200 (Claude Code)");
  const path = ["a/node_modules/.bin", "not-executable", "is-a-folder", "right"].map((place) => join(folder, place));
  expect(await found(undefined, "relative", ...path)).toMatchObject({ argv: [right], version: "2.1.200" });
});

test("without any, the pinned package runs although its install script may not have", async () => {
  const claude = await findClaude({ path: "/nowhere" });
  expect(claude).toMatchObject({ version: PINNED_VERSION, state: "tested" });
  expect(claude.argv.join(" ")).not.toContain("claude.exe");
});

test.each([
  ["2.1.196", "unsupported"],
  [FLOOR_VERSION, "tested"],
  [PINNED_VERSION, "tested"],
  ["2.1.330", "untested"],
  ["3.0.0-beta.1", "untested"],
])("version %s is %s", async (version, state) => {
  const path = install(`v/${version}`, `${version} (Claude Code)`);
  expect(await found(path)).toMatchObject({ version, state });
});

test("what is no Claude Code is refused with what it said, what is not there with what to do", async () => {
  const other = install("other/claude", "claude 1.0, a drawing program");
  await expect(found(other)).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringContaining("a drawing program"),
  });
  await expect(found("/nowhere/claude")).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringContaining("CLAUDE_COMMAND"),
  });
  const failing = install("failing/claude", "x");
  writeFileSync(failing, "#!/bin/sh\nexit 3\n");
  await expect(found(failing)).rejects.toThrow("--version failed");
});

test("the version is asked once, and again when the file changes", async () => {
  const path = install("cached/claude", "2.1.250 (Claude Code)");
  await Promise.all([found(path), found(path), found(path)]);
  await found(path);
  expect(readFileSync(`${path}.calls`, "utf8")).toBe("x\n");
  install("cached/claude", "2.1.251 (Claude Code)");
  utimesSync(path, new Date(), new Date(Date.now() + 5_000));
  expect((await found(path)).version).toBe("2.1.251");
});

test("versions are compared by number", () => {
  expect(compareVersions("2.1.99", "2.1.197")).toBeLessThan(0);
  expect(compareVersions("2.10.0", "2.9.9")).toBeGreaterThan(0);
  expect(compareVersions("2.1.329", "2.1.329-beta")).toBe(0);
});
