// For people who change the sources: the server, restarted at each change, and the dashboard by Vite on port 3000.
import { spawn } from "node:child_process";
import { once } from "node:events";

const programs = [
  ["--watch", "--watch-preserve-output", "src/main.ts"],
  ["node_modules/vite/bin/vite.js", "dashboard"],
].map((command) => spawn(process.execPath, command, { stdio: "inherit" }));

// A terminal sends Ctrl-C to all of them; a signal to this process alone is passed on.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => programs.forEach((program) => program.kill(signal)));
}

// When one has ended, the other alone is no development server.
const [code] = (await Promise.race(programs.map((program) => once(program, "exit")))) as [number | null];
for (const program of programs) program.kill("SIGTERM");
process.exitCode = code ?? 1;
