import { expect, test } from "vitest";
import { safeFileName, safeFileNames } from "../../../src/lib/file-name.ts";

test.each([
  ["report.pdf", "report.pdf"],
  ["Größe – Übersicht.xlsx", "Größe – Übersicht.xlsx"],
  ["日本語.txt", "日本語.txt"],
  ["../../etc/passwd", "passwd"],
  ["C:\\Users\\me\\notes.txt", "notes.txt"],
  ["/etc/shadow", "shadow"],
  ["..", "file"],
  ["", "file"],
  ["\u0000\n\r\t", "file"],
  [".bashrc", "bashrc"],
  ["--upload-pack=x", "upload-pack=x"],
  ["~root", "root"],
  ["exe\u202Efdp.pdf", "exefdp.pdf"],
  ["a\u200Bb\u2028c\uFEFF.txt", "ab c.txt"],
  ["line\nbreak.txt", "line break.txt"],
  ["@package.json", "_package.json"],
  ["x @package.json", "x _package.json"],
  ["logo@2x.png", "logo@2x.png"],
  ["a`rm`.txt", "a'rm'.txt"],
  ["name.txt. . .", "name.txt"],
  ["\uD800.txt", "txt"],
])("%j becomes %j", (given, safe) => {
  expect(safeFileName(given)).toBe(safe);
});

test("a long name is cut in whole characters and keeps its ending", () => {
  const cut = safeFileName(`${"ü".repeat(300)}.tar.gz`);
  expect(cut).toMatch(/^ü+(?:\.tar)?\.gz$/u);
  expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(120);
  const noStem = safeFileName(`a.${"x".repeat(300)}`);
  expect(Buffer.byteLength(noStem)).toBe(120);
});

test("doubles are numbered, capitals or not, and stay short", () => {
  expect(safeFileNames(["a.txt", "A.TXT", "x/a.txt", "a-2.txt", "b"])).toEqual([
    "a.txt",
    "A-2.TXT",
    "a-3.txt",
    "a-2-2.txt",
    "b",
  ]);
  const long = safeFileNames(Array.from({ length: 10 }, () => `${"n".repeat(200)}.png`));
  expect(new Set(long).size).toBe(10);
  for (const name of long) expect(Buffer.byteLength(name)).toBeLessThanOrEqual(120);
});

test("whatever comes in, ten thousand times, is a name that the ledger and a disk take", () => {
  const pieces = ["a", ".", "-", "/", "\\", " ", "\u0000", "\u202E", "é", "𝕏", "@", "`", "\uDC00", "~", "\n", "日"];
  let seed = 7;
  const next = (max: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((seed / 2_147_483_648) * max);
  };
  for (let round = 0; round < 10_000; round++) {
    const given = Array.from({ length: next(200) }, () => pieces[next(pieces.length)]).join("");
    const name = safeFileName(given);
    expect(name).toMatch(/^[^-./\\\p{C}][^/\\\p{C}]*$/u);
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(120);
    expect(safeFileName(name), "once safe, it stays as it is").toBe(name);
  }
});
