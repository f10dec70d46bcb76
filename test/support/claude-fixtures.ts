import { readFileSync } from "node:fs";
import { join } from "node:path";
import { addEvidence, noEvidence, type StreamEvidence } from "../../src/claude/claude-evidence.ts";
import { parseStreamLine, type BlockMemory, type StreamEvent } from "../../src/claude/claude-stream.ts";

const FOLDER = join(import.meta.dirname, "../fixtures/claude-cli");

/** One captured line of the real CLI, as it stood in its stream. */
export const fixtureLine = (name: string): string =>
  JSON.stringify(JSON.parse(readFileSync(join(FOLDER, name), "utf8")));

/** A captured stream: a file of lines, or of `{dir, m}` records of which those from Claude count. */
export function fixtureStream(name: string): string[] {
  const lines = readFileSync(join(FOLDER, name), "utf8").trim().split("\n");
  return lines.flatMap((line) => {
    const record = JSON.parse(line) as { dir?: string; m?: unknown };
    if (record.dir === undefined) return [line];
    return record.dir === "<" ? [JSON.stringify(record.m)] : [];
  });
}

export function eventsOf(lines: readonly string[]): StreamEvent[] {
  const blocks: BlockMemory = new Map();
  return lines.flatMap((line) => parseStreamLine(line, blocks));
}

export const evidenceOf = (lines: readonly string[]): StreamEvidence => eventsOf(lines).reduce(addEvidence, noEvidence);
