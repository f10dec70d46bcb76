import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, expect, onTestFinished, test } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "start-shim-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Loaded before the shim: it makes this Node look like another one. */
function pretend(name: string, changes: { node?: string; arch?: string }): string[] {
  const file = join(folder, `${name}.mjs`);
  const versions = changes.node ? `{ ...process.versions, node: ${JSON.stringify(changes.node)} }` : "process.versions";
  const arch = JSON.stringify(changes.arch ?? process.arch);
  writeFileSync(
    file,
    `Object.defineProperty(process, "versions", { value: ${versions} });
     Object.defineProperty(process, "arch", { value: ${arch} });`,
  );
  return ["--import", file];
}
const asNode20 = pretend("node-20", { node: "20.20.2" });
const asNode20OnUnknown = pretend("unknown", { node: "20.20.2", arch: "mips" });

const program = join(folder, "program.ts");
writeFileSync(
  program,
  `const [what, code]: string[] = process.argv.slice(2);
   const report = (line: object) => console.log(JSON.stringify(line));
   report({ pid: process.pid, major: Number.parseInt(process.versions.node), main: import.meta.main, argv: process.argv.slice(1), env: Object.keys(process.env) });
   process.on("SIGINT", () => report({ signal: "SIGINT" }));
   process.on("SIGTERM", () => { report({ signal: "SIGTERM" }); process.exit(Number(code ?? 0)); });
   if (what === "exit") process.exit(Number(code));
   if (what === "stay") setInterval(() => {}, 1000);`,
);

type Report = { pid: number; major: number; main: boolean; argv: string[]; env: string[]; signal?: string };

function start(flags: string[], ...args: string[]) {
  const child = spawn(process.execPath, [...flags, "bin/start.mjs", ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  let complaint = "";
  child.stdout.on("data", (chunk) => (text += chunk));
  child.stderr.on("data", (chunk) => (complaint += chunk));
  onTestFinished(() => void child.kill("SIGKILL"));
  const reports = () =>
    text
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Report);
  return { child, reports, complaint: () => complaint, first: () => firstOf(reports) };
}

async function firstOf(reports: () => Report[]): Promise<Report> {
  await expect.poll(() => reports().length, { timeout: 10_000 }).toBeGreaterThan(0);
  return reports()[0] as Report;
}

async function end(child: ChildProcess): Promise<[number | null, NodeJS.Signals | null]> {
  return (await once(child, "close")) as [number | null, NodeJS.Signals | null];
}

/** A process that has ended but that nobody has reaped (state Z) is dead, too. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !existsSync("/proc/self/stat") || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

test("a Node that is new enough runs the program itself, as its main module", async () => {
  const { child, first } = start([], program, "exit", "3");
  expect(await end(child)).toEqual([3, null]);
  const report = await first();
  expect(report).toMatchObject({ pid: child.pid, main: true, argv: [program, "exit", "3"] });
});

test("an older Node hands over to the packaged one, which sees the same arguments and a clean environment", async () => {
  const { child, first } = start(asNode20, program, "exit", "7");
  expect(await end(child)).toEqual([7, null]);
  const report = await first();
  expect(report).toMatchObject({ major: 24, main: true, argv: [program, "exit", "7"] });
  expect(report.pid).not.toBe(child.pid);
  expect(report.env.filter((name) => /NODE_CHANNEL|CLAUDE_ORCHESTRATOR/.test(name))).toEqual([]);
});

test("a signal is passed on, and the exit code comes back", async () => {
  const { child, first, reports } = start(asNode20, program, "stay", "9");
  await first();
  child.kill("SIGTERM");
  expect(await end(child)).toEqual([9, null]);
  expect(reports().at(-1)).toEqual({ signal: "SIGTERM" });
});

test("the two signals of one Ctrl-C below npm reach the program as one", async () => {
  const { child, first, reports } = start(asNode20, program, "stay");
  await first();
  child.kill("SIGINT");
  await wait(50);
  child.kill("SIGINT");
  await wait(500);
  expect(reports().filter(({ signal }) => signal === "SIGINT")).toHaveLength(1);
  child.kill("SIGINT");
  await expect.poll(() => reports().filter(({ signal }) => signal === "SIGINT")).toHaveLength(2);
});

test("the program ends when the shim is killed with no chance to say so", async () => {
  const { child, first } = start(asNode20, program, "stay");
  const { pid } = await first();
  child.kill("SIGKILL");
  await expect.poll(() => isAlive(pid), { timeout: 5_000 }).toBe(false);
});

test("a program that was killed makes the shim end by the same signal", async () => {
  const { child, first } = start(asNode20, program, "stay");
  process.kill((await first()).pid, "SIGKILL");
  expect(await end(child)).toEqual([null, "SIGKILL"]);
});

test("where no Node fits, one line says which is needed", async () => {
  const { child, complaint } = start(asNode20OnUnknown, program, "exit", "0");
  expect(await end(child)).toEqual([1, null]);
  expect(complaint()).toMatch(/^This is Node 20\.20\.2 on \w+-mips; claude-orchestrator needs Node 24 or later.*\n$/);
});

test("a program that is not there is named", async () => {
  const { child, complaint } = start([], "nowhere/vite.js");
  expect(await end(child)).toEqual([1, null]);
  expect(complaint()).toBe("nowhere/vite.js is not there; run npm ci first.\n");
});
