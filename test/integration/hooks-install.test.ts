import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { installHooks, type HooksInstall } from "../../src/cli/hooks-install.ts";

const URL = "http://127.0.0.1:3001/api/hooks";
const TOKEN = "orch-key-0123456789";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "hooks-install-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const globalFile = () => join(folder, "config", "settings.json");
const localFile = () => join(folder, ".claude", "settings.local.json");
const read = async (file: string) => JSON.parse(await readFile(file, "utf8")) as Record<string, unknown>;
const modeOf = async (file: string) => (await stat(file)).mode & 0o777;

async function install(
  options: Partial<HooksInstall> = {},
  { interactive = false, answer = true, whileAsked = async () => {} } = {},
) {
  let output = "";
  const written = await installHooks(
    {
      where: { project: folder },
      configDir: join(folder, "config"),
      url: URL,
      remove: false,
      yes: !interactive,
      ...options,
    },
    {
      isInteractive: interactive,
      write: (text) => void (output += text),
      confirm: async () => {
        await whileAsked();
        return answer;
      },
    },
  );
  return { written, output };
}

async function put(file: string, text: string): Promise<void> {
  await mkdir(join(file, ".."), { recursive: true });
  await writeFile(file, text);
}

test("hooks of all events we use are put in, in today's shape, and none that never come over HTTP", async () => {
  expect((await install()).written).toBe(true);
  const { hooks } = (await read(localFile())) as { hooks: Record<string, unknown> };
  expect(Object.keys(hooks)).toEqual(
    expect.arrayContaining([
      "PreToolUse",
      "PostToolUse",
      "PostToolUseFailure",
      "UserPromptSubmit",
      "Stop",
      "SessionEnd",
    ]),
  );
  expect(Object.keys(hooks)).not.toEqual(expect.arrayContaining(["SessionStart"]));
  expect(hooks["PostToolUse"]).toEqual([{ matcher: "*", hooks: [{ type: "http", url: URL, timeout: 5 }] }]);
  expect(hooks["Stop"]).toEqual([{ hooks: [{ type: "http", url: URL, timeout: 5 }] }]);
});

test("what is in the file stays: other hooks, unknown keys, their order and the indentation", async () => {
  const own = { matcher: "Bash", hooks: [{ type: "command", command: "true" }] };
  await put(
    globalFile(),
    JSON.stringify({ model: "opus", hooks: { PostToolUse: [own], Custom: [] }, future: { a: 1 } }, null, 4),
  );
  await install({ where: "global" });
  const text = await readFile(globalFile(), "utf8");
  const settings = JSON.parse(text) as { hooks: Record<string, unknown[]> };
  expect(Object.keys(settings)).toEqual(["model", "hooks", "future"]);
  expect(settings.hooks["PostToolUse"]?.[0]).toEqual(own);
  expect(settings.hooks["Custom"]).toEqual([]);
  expect(text).toContain('\n    "model"');
});

test("installing twice changes nothing, and removing takes exactly ours out", async () => {
  const original = `${JSON.stringify({ a: 1, hooks: { Stop: [{ hooks: [{ type: "http", url: "http://other/" }] }] } }, null, 2)}\n`;
  await put(localFile(), original);
  await install();
  const once = await readFile(localFile(), "utf8");
  expect((await install()).written).toBe(false);
  expect(await readFile(localFile(), "utf8")).toBe(once);
  await install({ remove: true });
  expect(await readFile(localFile(), "utf8")).toBe(original);
  const again = await install({ remove: true });
  expect(again).toMatchObject({ written: false, output: expect.stringContaining("No hooks") as string });
});

test("removing from a file that was made for our hooks leaves no hooks", async () => {
  await install();
  await install({ remove: true });
  expect(await read(localFile())).toEqual({});
});

test("a token goes into a file only this account can read, and is not shown", async () => {
  await put(localFile(), "{}");
  await chmod(localFile(), 0o644);
  const { output } = await install({ token: TOKEN });
  expect(await modeOf(localFile())).toBe(0o600);
  expect(await readFile(localFile(), "utf8")).toContain(`"Authorization": "Bearer ${TOKEN}"`);
  expect(output).not.toContain(TOKEN);
  const { output: removed } = await install({ remove: true });
  expect(removed).not.toContain(TOKEN);
});

test("without a token the file keeps its mode", async () => {
  await put(localFile(), "{}");
  await chmod(localFile(), 0o640);
  await install();
  expect(await modeOf(localFile())).toBe(0o640);
});

test("the change is shown and asked for; a no, or no terminal, writes nothing", async () => {
  const refused = await install({}, { interactive: true, answer: false });
  expect(refused.written).toBe(false);
  expect(refused.output).toMatch(/^\+ +"url": "http:\/\/127.0.0.1:3001\/api\/hooks",$/mu);
  await expect(install({ yes: false })).rejects.toThrow("--yes");
  await expect(stat(localFile())).rejects.toThrow("ENOENT");
  expect((await install({}, { interactive: true })).written).toBe(true);
});

test("broken JSON is left alone and its place named", async () => {
  const broken = '{\n  "a": 1,\n  // comment\n}';
  await put(localFile(), broken);
  await expect(install()).rejects.toThrow(`${localFile()}:3:3: not valid JSON`);
  await put(localFile(), '{"a": ');
  await expect(install()).rejects.toThrow(":1:7: not valid JSON");
  await put(localFile(), '{"hooks": {"Stop": {}}}');
  await expect(install()).rejects.toThrow("hooks.Stop in the settings is not a list");
  expect(await readdir(join(folder, ".claude"))).toEqual(["settings.local.json"]);
});

test("a link to the settings stays a link", async () => {
  const real = join(folder, "dotfiles.json");
  await put(real, "{}");
  await mkdir(join(folder, "config"));
  await symlink(real, globalFile());
  await install({ where: "global" });
  expect((await lstat(globalFile())).isSymbolicLink()).toBe(true);
  expect(await read(real)).toHaveProperty("hooks");
});

test("a file that changes while the person is asked is not overwritten", async () => {
  await put(localFile(), "{}");
  const change = () => put(localFile(), '{"new": true}');
  await expect(install({}, { interactive: true, whileAsked: change })).rejects.toThrow("changed meanwhile");
  expect(await read(localFile())).toEqual({ new: true });
});

test("what would keep Claude from posting is said", async () => {
  await put(
    localFile(),
    JSON.stringify({ disableAllHooks: true, allowedHttpHookUrls: [], hooks: { postToolUse: [] } }),
  );
  const { output } = await install();
  expect(output).toMatch(/disableAllHooks.*\n.*allowedHttpHookUrls.*\n.*postToolUse/u);
});

test("a folder that is not there, a URL or token that cannot work is refused", async () => {
  await expect(install({ where: { project: join(folder, "none") } })).rejects.toThrow("There is no folder");
  await expect(install({ url: "localhost:3001" })).rejects.toThrow("not an http URL");
  await expect(install({ token: "a b" })).rejects.toThrow("--token");
  await expect(install({ token: "$HOME" })).rejects.toThrow("--token");
});
