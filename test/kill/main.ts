import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { parseArgs } from "node:util";

/*
 * npm run test:kill                    what fits into 8 minutes on 2 cores
 * npm run test:kill -- --full          80 kills and 200 runs
 * npm run test:kill -- --seed 4711     the same moments again
 */
const { values } = parseArgs({
  options: { full: { type: "boolean", default: false }, seed: { type: "string" }, rounds: { type: "string" } },
});
const root = resolve(import.meta.dirname, "../..");
const vitest = spawn(process.execPath, ["node_modules/vitest/vitest.mjs", "run", "--project", "kill"], {
  cwd: root,
  stdio: "inherit",
  env: {
    ...process.env,
    ...(values.full && { KILL_FULL: "1" }),
    ...(values.seed !== undefined && { KILL_SEED: values.seed }),
    ...(values.rounds !== undefined && { KILL_ROUNDS: values.rounds }),
  },
});
for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, () => vitest.kill(name));
const [code] = (await once(vitest, "exit")) as [number | null];
process.exitCode = code ?? 1;
