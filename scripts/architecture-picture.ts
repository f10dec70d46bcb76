// The picture in ARCHITECTURE.md is drawn from the imports. Without an argument: says whether it still is that picture.
// With --write: draws it anew.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";

const page = "ARCHITECTURE.md";
const block = /```mermaid\n[\s\S]*?\n```/;

const text = readFileSync(page, "utf8");
if (!block.test(text)) throw new Error(`${page} has no mermaid block to hold the picture`);
const current = text.replace(block, () => `\`\`\`mermaid\n${draw()}\n\`\`\``);

if (process.argv.includes("--write")) writeFileSync(page, current);
else if (current !== text) {
  console.log(`The picture in ${page} is out of date: npm run picture`);
  process.exitCode = 1;
}

function draw(): string {
  const options = ["src", "--include-only", "^src/", "--output-type", "mermaid", "--collapse", "^src/[^/]+"];
  return execFileSync(process.execPath, ["node_modules/dependency-cruiser/bin/dependency-cruiser.mjs", ...options], {
    encoding: "utf8",
  }).trim();
}
