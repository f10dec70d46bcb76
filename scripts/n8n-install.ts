// Installs the n8n that the tests of the workflows run against into a cache outside the checkout, unless it is there.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { cp, mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { N8N_MANIFESTS, n8nFolder, n8nProgram } from "../test/support/n8n-install.ts";

const folder = n8nFolder();
if (existsSync(n8nProgram(folder))) console.log(`n8n is installed in ${folder}`);
else await install();

async function install(): Promise<void> {
  const began = performance.now();
  // Under another name until it is whole: what lies at the right place can be used.
  const unfinished = `${folder}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  for (const file of ["package.json", "package-lock.json"]) await cp(join(N8N_MANIFESTS, file), join(unfinished, file));
  // No scripts: one package would fetch a binary from elsewhere, and on PostgreSQL nothing needs to be compiled.
  const code = await npm(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"], unfinished);
  if (code !== 0) {
    await rm(unfinished, { recursive: true, force: true });
    console.error(`n8n could not be installed: npm ended with ${code}`);
    process.exitCode = 1;
    return;
  }
  await rename(unfinished, folder);
  console.log(`n8n was installed in ${folder} within ${Math.round((performance.now() - began) / 1000)} s`);
}

/** The npm that started us, so that it runs under the same Node. */
async function npm(args: readonly string[], cwd: string): Promise<number | null> {
  const program = process.env["npm_execpath"];
  const child =
    program === undefined
      ? spawn("npm", args, { cwd, stdio: "inherit" })
      : spawn(process.execPath, [program, ...args], { cwd, stdio: "inherit" });
  const [code] = (await once(child, "close")) as [number | null];
  return code;
}
