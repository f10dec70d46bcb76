import { cp, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import typescript from "typescript";

const PACKAGE = resolve(import.meta.dirname, "../../n8n-workflows/nodes");
const SOURCES = ["nodes", "credentials"];

/**
 * Puts our nodes where n8n keeps the community packages that people install. Compiled here, without the types: the
 * package's own build needs n8n's tools (711 MB), does the same to the code, and is run beside its linter.
 */
export async function installNodePackage(userFolder: string): Promise<void> {
  const target = join(userFolder, ".n8n/nodes/node_modules/n8n-nodes-claude-orchestrator");
  await mkdir(target, { recursive: true });
  await cp(join(PACKAGE, "package.json"), join(target, "package.json"));
  await cp(join(PACKAGE, "icons"), join(target, "dist/icons"), { recursive: true });
  for (const folder of SOURCES)
    for (const file of await readdir(join(PACKAGE, folder), { recursive: true })) {
      const from = join(PACKAGE, folder, file);
      const to = join(target, "dist", folder, file);
      if (file.endsWith(".json")) await copyInto(from, to);
      if (file.endsWith(".ts")) await compileInto(from, to.replace(/\.ts$/u, ".js"));
    }
}

async function copyInto(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await cp(from, to);
}

async function compileInto(from: string, to: string): Promise<void> {
  const { outputText } = typescript.transpileModule(await readFile(from, "utf8"), {
    compilerOptions: {
      module: typescript.ModuleKind.CommonJS,
      target: typescript.ScriptTarget.ES2022,
      esModuleInterop: true,
    },
  });
  await mkdir(dirname(to), { recursive: true });
  await writeFile(to, outputText);
}
