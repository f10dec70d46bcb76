// The picture in ARCHITECTURE.md is drawn from the imports. Without an argument: says whether it still is that picture.
// With --write: draws it anew.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";

const page = "ARCHITECTURE.md";
const block = /```mermaid\n[\s\S]*?\n```/;
const tool = "node_modules/dependency-cruiser/bin/dependency-cruiser.mjs";
/** Every folder uses these; their arrows would hide the others. */
const everybodysParts = String.raw`^src/(lib|contract)/|^src/config\.ts$`;

const text = readFileSync(page, "utf8");
if (!block.test(text)) throw new Error(`${page} has no mermaid block to hold the picture`);
const current = text.replace(block, () => `\`\`\`mermaid\n${draw()}\n\`\`\``);

if (process.argv.includes("--write")) writeFileSync(page, current);
else if (current !== text) {
  console.log(`The picture in ${page} is out of date: npm run picture`);
  process.exitCode = 1;
}

function draw(): string {
  const options = ["--include-only", "^src/", "--exclude", everybodysParts, "--collapse", "^src/[^/]+"];
  const drawing = execFileSync(process.execPath, [tool, "src", ...options, "--output-type", "mermaid"], {
    encoding: "utf8",
  });
  const lines = drawing.trim().split("\n");
  // Sorted, so that the order of imports in a file makes no difference.
  return [...lines.filter((line) => !isArrow(line)), ...lines.filter(isArrow).toSorted()].join("\n");
}

function isArrow(line: string): boolean {
  return line.includes("-->");
}
