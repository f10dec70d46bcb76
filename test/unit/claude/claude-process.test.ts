import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, expect, test } from "vitest";
import { attachClaude, startClaude, type ClaudeProcess } from "../../../src/claude/claude-process.ts";
import { findMarkedProcesses, sweepMarker } from "../../../src/claude/marked-processes.ts";
import { namespacePrefix } from "../../../src/claude/pid-namespace.ts";
import { identify, identityAlive, readStat } from "../../../src/claude/process-identity.ts";
import { maskSecrets } from "../../../src/claude/run-files.ts";

// What these tests start is a shell in Claude's place: how a process is started, followed and ended is the same.
const folder = mkdtempSync(join(tmpdir(), "claude-process-"));
const INSTALLATION = `test-${process.pid}-${Date.now()}`;
const started: ClaudeProcess[] = [];
let count = 0;

afterEach(async () => {
  for (const one of started.splice(0)) {
    await one.stop();
    one.release();
  }
  const left = await findMarkedProcesses(INSTALLATION);
  if (left.length > 0) throw new Error(`the test left ${left.length} processes behind`);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Life {
  claude: ClaudeProcess;
  runDir: string;
  marker: string;
}

async function start(script: string, isolation?: readonly string[], env: Record<string, string> = {}): Promise<Life> {
  const runDir = join(folder, `run-${++count}`);
  const marker = `${INSTALLATION}/${count}`;
  const spec = { runDir, cwd: folder, argv: ["/bin/sh", "-c", script], env: { PATH: "/usr/bin:/bin", ...env }, marker };
  const claude = await startClaude(spec, isolation);
  started.push(claude);
  return { claude, runDir, marker };
}

async function attach(runDir: string, identity = undefined as ClaudeProcess["identity"]): Promise<ClaudeProcess> {
  const claude = await attachClaude(runDir, identity);
  started.push(claude);
  return claude;
}

async function end(claude: ClaudeProcess): Promise<{ exitCode: number | undefined; lines: string[] }> {
  for (;;) {
    const state = await claude.state();
    if (state !== "alive") return { ...state, lines: (await claude.read(0)).lines };
    await sleep(10);
  }
}

async function until(claude: ClaudeProcess, line: string): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    if ((await claude.read(0)).lines.includes(line)) return;
    await sleep(10);
  }
  throw new Error(`never said ${line}`);
}

const isGone = (pid: number): boolean => [undefined, "Z", "X"].includes(readStat(pid)?.state);

test("output and exit code are in files of this account only", async () => {
  const { claude, runDir } = await start("echo one; echo two; echo oops >&2; exit 7");
  expect(await end(claude)).toEqual({ exitCode: 7, lines: ["one", "two"] });
  expect(await claude.stderrTail()).toBe("oops\n");
  expect(statSync(runDir).mode & 0o777).toBe(0o700);
  for (const name of ["stdout.ndjson", "stderr.log", "marker"])
    expect([name, statSync(join(runDir, name)).mode & 0o077]).toEqual([name, 0]);
  expect(readdirSync(runDir)).not.toContain("input");
});

test("the environment is what was given and the marker, nothing of ours", async () => {
  const { claude, marker } = await start("tr '\\0' '\\n' </proc/self/environ", undefined, { GIVEN: "yes" });
  const { lines } = await end(claude);
  // The shell adds its own place.
  expect(lines.filter((line) => !/^(?:PWD|OLDPWD|SHLVL|_)=/.test(line)).toSorted()).toEqual([
    "GIVEN=yes",
    `ORCH_RUN=${marker}`,
    "PATH=/usr/bin:/bin",
  ]);
});

test("lines go in while it runs, the end of input ends it, and then nothing more can be sent", async () => {
  const { claude } = await start("cat; echo end");
  claude.send({ a: 1 });
  await until(claude, '{"a":1}');
  claude.send({ text: "ünï\ncode" });
  expect(claude.canSend).toBe(true);
  claude.closeInput();
  expect(claude.canSend).toBe(false);
  expect(() => claude.send({})).toThrow("takes no more input");
  expect(await end(claude)).toEqual({ exitCode: 0, lines: ['{"a":1}', '{"text":"ünï\\ncode"}', "end"] });
});

test("a message of many megabytes arrives whole though the pipe is small", async () => {
  const { claude } = await start("wc -c");
  claude.send({ text: "x".repeat(9_000_000) });
  claude.closeInput();
  expect((await end(claude)).lines[0]?.trim()).toBe(String(9_000_000 + '{"text":""}\n'.length));
});

test("a Claude that went away while we were sending is no error of ours", async () => {
  const { claude } = await start("exec <&-; echo closed; sleep 0.3");
  await until(claude, "closed");
  claude.send({ text: "x".repeat(1_000_000) });
  expect((await end(claude)).exitCode).toBe(0);
  await sleep(20);
  expect(claude.canSend).toBe(false);
});

test("who comes later reads the same from the same files, alive or dead", async () => {
  const { claude, runDir } = await start("echo early; read line; echo late; exit 3");
  await until(claude, "early");
  const second = await attach(runDir);
  expect(second.identity).toEqual(claude.identity);
  expect(await second.state()).toBe("alive");
  expect(second.canSend).toBe(false);
  expect(() => second.send({})).toThrow("takes no more input");
  claude.send({});
  expect(await end(second)).toEqual({ exitCode: 3, lines: ["early", "late"] });
  const third = await attach(runDir);
  expect(third.identity).toBeUndefined();
  expect(await end(third)).toEqual({ exitCode: 3, lines: ["early", "late"] });
});

test("a run that was killed before its pid was written down is found by its marker", async () => {
  const { claude, runDir } = await start("cat");
  while (!existsSync(join(runDir, "pid"))) await sleep(5);
  rmSync(join(runDir, "pid"));
  const found = await attach(runDir);
  expect(found.identity).toEqual(claude.identity);
});

test("a folder in which nothing was started is a lost run, and stopping it does nothing", async () => {
  const claude = await attach(join(folder, "never"));
  expect(await claude.state()).toEqual({ exitCode: undefined });
  expect(await claude.read(0)).toEqual({ lines: [], offset: 0, size: 0 });
  expect(await claude.stderrTail()).toBe("");
  await claude.stop();
});

test("when the wrapper was killed with the rest the run is lost, and what is left of it is swept", async () => {
  const { claude, marker } = await start("setsid sleep 60 & echo up; sleep 60", []);
  await until(claude, "up");
  process.kill(-(claude.identity?.pid ?? 0), "SIGKILL");
  while ((await claude.state()) === "alive") await sleep(5);
  expect(await claude.state()).toEqual({ exitCode: undefined });
  expect((await findMarkedProcesses(marker)).length).toBe(1);
  await claude.stop();
  expect(await findMarkedProcesses(marker)).toEqual([]);
});

/** Deaf to SIGINT, with children that left the group; it says the pids of those it can. */
const STUBBORN = `trap '' INT; setsid sleep 61 & echo "pid $!"; sleep 62 & echo "pid $!"; echo up; while :; do sleep 1; done`;

test("a process that does not listen is ended with all it started, and its exit code is still written", async () => {
  const { claude, marker } = await start(STUBBORN, []);
  await until(claude, "up");
  const pids = (await claude.read(0)).lines.flatMap((line) => (line.startsWith("pid ") ? [Number(line.slice(4))] : []));
  expect(pids.every((pid) => !isGone(pid))).toBe(true);
  const from = performance.now();
  await Promise.all([claude.stop(), claude.stop()]);
  expect(performance.now() - from).toBeLessThan(8_000);
  expect(pids.every(isGone)).toBe(true);
  expect(await findMarkedProcesses(marker)).toEqual([]);
  expect(await claude.state()).toEqual({ exitCode: 137 });
}, 15_000);

test("in a process namespace, even a child without group and environment ends with it", async () => {
  const prefix = await namespacePrefix();
  // Without one (some containers) there is nothing to test: the limit is documented.
  if (prefix.length === 0) return;
  const { claude } = await start("env -i setsid sleep 8263 & cat");
  while (running("sleep 8263").length === 0) await sleep(10);
  await claude.stop();
  expect(running("sleep 8263")).toEqual([]);
});

const running = (command: string): string[] =>
  readdirSync("/proc").filter((pid) => /^\d+$/.test(pid) && readCommand(pid) === command);

function readCommand(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
  } catch {
    return "";
  }
}

test("what a run left in the background is gone when it counts as ended", async () => {
  const { claude, marker } = await start("setsid sleep 60 & echo up", []);
  expect((await end(claude)).exitCode).toBe(0);
  expect((await findMarkedProcesses(marker)).filter(({ pid }) => pid !== claude.identity?.pid)).toEqual([]);
});

test("a number that went to another process is not touched", async () => {
  const bystander = spawn("sleep", ["60"]);
  const pid = bystander.pid ?? 0;
  const identity = identify(pid);
  if (!identity) throw new Error("no identity");
  const claude = await attach(join(folder, "other"), { ...identity, startTime: "1" });
  expect(identityAlive(identity)).toBe(true);
  expect(await claude.state()).toEqual({ exitCode: undefined });
  await claude.stop();
  expect(identityAlive(identity)).toBe(true);
  expect(identityAlive({ ...identity, bootId: "another boot" })).toBe(false);
  bystander.kill("SIGKILL");
});

const openFiles = () => readdirSync("/proc/self/fd").length;

test("where it cannot start the error says where, and no file handle is left", async () => {
  await start("true");
  const before = openFiles();
  const spec = {
    runDir: join(folder, "nowhere"),
    cwd: "/no/such/folder",
    argv: ["true"],
    env: {},
    marker: `${INSTALLATION}/x`,
  };
  await expect(startClaude(spec)).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringContaining("/no/such/folder"),
  });
  await sleep(50);
  expect(openFiles()).toBeLessThanOrEqual(before);
});

test("a folder is for one life only: a second start in it is refused and leaves the first alone", async () => {
  const { claude, runDir } = await start("read line; exit 4");
  const again = { runDir, cwd: folder, argv: ["true"], env: {}, marker: "other" };
  await expect(startClaude(again)).rejects.toThrow(/EEXIST/);
  claude.closeInput();
  expect((await end(claude)).exitCode).toBe(4);
});

test("letting go ends its input, not its life", async () => {
  const { claude, runDir } = await start("cat >/dev/null; echo finished; exit 5");
  claude.release();
  expect(await end(await attach(runDir))).toEqual({ exitCode: 5, lines: ["finished"] });
});

test("the processes of a run, or of an installation, are found and swept by their marker", async () => {
  const first = await start("cat", []);
  const second = await start("cat", []);
  const markers = new Set((await findMarkedProcesses(`${INSTALLATION}/`)).map(({ marker }) => marker));
  expect(markers).toEqual(new Set([first.marker, second.marker]));
  expect(await sweepMarker(first.marker)).toBeGreaterThan(0);
  expect(await findMarkedProcesses(first.marker)).toEqual([]);
  expect((await findMarkedProcesses(second.marker)).length).toBeGreaterThan(0);
});

test("only the end of stderr is kept, and nothing in it that looks like a secret", async () => {
  const secret = "sk-ant-api03-AAAAAAAAAAAAAAAA";
  const { claude } = await start(
    `i=0; while [ $i -lt 2000 ]; do echo "line $i" >&2; i=$((i+1)); done; echo "key ${secret} bad" >&2`,
  );
  await end(claude);
  const tail = await claude.stderrTail();
  expect(tail.length).toBeLessThanOrEqual(4_096);
  expect(tail).toMatch(/line 1999\nkey \[secret\] bad\n$/);
  expect(maskSecrets("Authorization: Bearer abc.def https://user:pass@host/x ghp_0123456789ab")).toBe(
    "Authorization: Bearer [secret] https://[secret]@host/x [secret]",
  );
});
