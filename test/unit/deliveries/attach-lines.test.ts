import { expect, test } from "vitest";
import { takeAttachLines } from "../../../src/deliveries/attach-lines.ts";

test("lines that name files leave the answer, each path once", () => {
  const answer = "Here it is.\n\nATTACH: out/report.pdf\nATTACH: out/data file.csv  \nATTACH: out/report.pdf\n\nBye.";
  expect(takeAttachLines(answer)).toEqual({
    text: "Here it is.\n\n\nBye.",
    paths: ["out/report.pdf", "out/data file.csv"],
  });
});

test("an answer without such a line stays letter for letter", () => {
  const answer = "  Nothing to send.\r\nI could ATTACH: things.\n\n";
  expect(takeAttachLines(answer)).toEqual({ text: answer, paths: [] });
});

test.each([
  ["```\nATTACH: a.txt\n```", []],
  ["~~~ sh\nATTACH: a.txt\n~~~\nATTACH: b.txt", ["b.txt"]],
  ["````\n```\nATTACH: a.txt\n````\nATTACH: b.txt", ["b.txt"]],
  ["```\n~~~\nATTACH: a.txt\n```\nATTACH: b.txt", ["b.txt"]],
  ["```not`a fence\nATTACH: b.txt", ["b.txt"]],
  ["    ATTACH: indented code.txt", []],
  ["```\nATTACH: never closed", []],
])("in %j code is left alone", (answer, paths) => {
  expect(takeAttachLines(answer).paths).toEqual(paths);
});

test.each([
  ["ATTACH: `a b.txt`", "a b.txt"],
  ['ATTACH: "a.txt"', "a.txt"],
  ["- ATTACH: a.txt", "a.txt"],
  ["ATTACH:a.txt", "a.txt"],
  ["ATTACH: it's.txt", "it's.txt"],
])("%j names %s", (line, path) => {
  expect(takeAttachLines(line).paths).toEqual([path]);
});

test.each(["attach: a.txt", "ATTACH:", "ATTACH:   ", "Please ATTACH: a.txt", "> ATTACH: a.txt"])(
  "%j names nothing",
  (line) => {
    expect(takeAttachLines(line).paths).toEqual([]);
  },
);

test("a very long line takes no time", () => {
  const began = performance.now();
  takeAttachLines(`ATTACH: ${"a ".repeat(500_000)}\n${" ".repeat(500_000)}x`);
  expect(performance.now() - began).toBeLessThan(2_000);
});
