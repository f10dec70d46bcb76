import { expect, test } from "vitest";
import { parseDiff } from "../../../src/workspaces/parse-diff.ts";

const parse = (...tokens: string[]) => parseDiff(Buffer.from(tokens.map((token) => `${token}\0`).join("")));

test("nothing changed is no file", () => {
  expect(parse()).toEqual([]);
});

test("files with their counts, binary ones without", () => {
  expect(
    parse(
      ":100644 100644 aaa bbb M",
      "a.txt",
      ":000000 100644 000 bbb A",
      "b.bin",
      ":100644 000000 aaa 000 D",
      "c.txt",
      ":100644 120000 aaa bbb T",
      "d",
      "2\t1\ta.txt",
      "-\t-\tb.bin",
      "0\t3\tc.txt",
      "1\t1\td",
    ),
  ).toEqual([
    { path: "a.txt", previousPath: null, status: "modified", added: 2, removed: 1 },
    { path: "b.bin", previousPath: null, status: "added", added: null, removed: null },
    { path: "c.txt", previousPath: null, status: "deleted", added: 0, removed: 3 },
    { path: "d", previousPath: null, status: "modified", added: 1, removed: 1 },
  ]);
});

test("names that look like git's own words are only names", () => {
  const odd = ':100644 100644 aaa bbb M\n1\t2\t"x"';
  expect(parse(":100644 100644 aaa bbb R087", "old\tname", odd, "3\t4\t", "old\tname", odd)).toEqual([
    { path: odd, previousPath: "old\tname", status: "renamed", added: 3, removed: 4 },
  ]);
  expect(parse(":000000 100644 000 bbb A", "tab\there", "7\t0\ttab\there")).toMatchObject([
    { path: "tab\there", added: 7 },
  ]);
});
