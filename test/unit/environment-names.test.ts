import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ENVIRONMENT_NAMES } from "../../src/config.ts";

const known = ENVIRONMENT_NAMES.toSorted();
/** Claude Code reads these; the documents name them because people look for them there. */
const readByClaude = /^(?:ANTHROPIC_|CLAUDE_CODE_)/;

test(".env.example names every variable that the configuration reads, and no other", () => {
  const lines = readFileSync(".env.example", "utf8").split("\n");
  const names = lines.flatMap((line) => /^(?:# )?([A-Z][A-Z0-9_]*)=/.exec(line)?.[1] ?? []);
  expect(names.filter((name) => !readByClaude.test(name)).toSorted()).toEqual(known);
});

test("the tables of docs/configuration.md name every variable that the configuration reads, and no other", () => {
  const lines = readFileSync("docs/configuration.md", "utf8").split("\n");
  const names = lines.flatMap((line) => /^\| `([A-Z][A-Z0-9_]*)` /.exec(line)?.[1] ?? []);
  expect(names.filter((name) => !readByClaude.test(name)).toSorted()).toEqual(known);
});

test("every line of .env.example is a comment, so that a copy changes nothing", () => {
  const lines = readFileSync(".env.example", "utf8").split("\n");
  expect(lines.filter((line) => line !== "" && !line.startsWith("#"))).toEqual([]);
});
