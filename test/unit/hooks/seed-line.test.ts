import { expect, test } from "vitest";
import { readSeedLine } from "../../../src/hooks/seed-line.ts";

test("the printed shape is read, with one line break taken off", () => {
  expect(readSeedLine(String.raw`{"session": "s", "tool": "Bash", "result": ""a \"b\"\n\n""}`)).toEqual({
    session: "s",
    tool: "Bash",
    result: 'a "b"\n',
  });
});

test("a result that looks like the shape itself does not confuse it", () => {
  const inner = String.raw`"\", \"tool\": \"x\", \"result\": \"y"`;
  expect(readSeedLine(`{"session": "s", "tool": "T", "result": "${inner}"}`)?.result).toBe(
    '", "tool": "x", "result": "y',
  );
});

test("anything else is not read", () => {
  for (const text of [
    "",
    "{}",
    '{"session": "s", "tool": "T", "result": ""a"',
    '{"session": "s", "tool": "T", "result": "a"b"}',
    '{"session": "s", "tool": "T", "result": ""a" "b""}',
    '{"session":"s","tool":"T","result":""a""}',
    '{"session": "s", "result": ""a"", "tool": "T"}',
  ])
    expect([text, readSeedLine(text)]).toEqual([text, undefined]);
});
