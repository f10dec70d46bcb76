import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, test } from "vitest";
import { MAX_LINE_BYTES, openStreamFile, type StreamFile } from "../../../src/claude/stream-file.ts";

const folder = mkdtempSync(join(tmpdir(), "stream-file-"));
const opened: StreamFile[] = [];
afterEach(() => opened.splice(0).forEach((file) => file.close()));
afterAll(() => rmSync(folder, { recursive: true }));

function streamOf(name: string, content?: string): { file: StreamFile; path: string } {
  const path = join(folder, name);
  if (content !== undefined) writeFileSync(path, content);
  const file = openStreamFile(path);
  opened.push(file);
  return { file, path };
}

test("only complete lines are read, and reading goes on where it stopped", async () => {
  const { file, path } = streamOf("a", "one\ntw");
  expect(await file.read(0)).toEqual({ lines: ["one"], offset: 4, size: 6 });
  expect(await file.read(4)).toEqual({ lines: [], offset: 4, size: 6 });
  appendFileSync(path, "o\nthree\n");
  expect(await file.read(4)).toEqual({ lines: ["two", "three"], offset: 14, size: 14 });
  expect(await file.read(14)).toEqual({ lines: [], offset: 14, size: 14 });
});

test("a file that is not there yet is empty", async () => {
  const { file, path } = streamOf("late");
  expect(await file.read(0)).toEqual({ lines: [], offset: 0, size: 0 });
  writeFileSync(path, "x\n");
  expect((await file.read(0)).lines).toEqual(["x"]);
});

test("with an end, nothing from there on is read", async () => {
  const { file } = streamOf("bounded", "one\ntwo\nthree\n");
  expect(await file.read(0, 8)).toMatchObject({ lines: ["one", "two"], offset: 8 });
  expect(await file.read(8, 8)).toMatchObject({ lines: [], offset: 8 });
});

test("a big file comes in parts, each of whole lines, letters of several bytes unharmed", async () => {
  const lines = Array.from({ length: 60_000 }, (_, at) => `${at} ünï©ode 👋 ${"x".repeat(at % 60)}`);
  const { file } = streamOf("big", `${lines.join("\n")}\n`);
  const seen: string[] = [];
  let parts = 0;
  for (let offset = 0; ; parts++) {
    const chunk = await file.read(offset);
    if (chunk.offset === offset) break;
    seen.push(...chunk.lines);
    offset = chunk.offset;
  }
  expect(parts).toBeGreaterThan(2);
  expect(seen).toEqual(lines);
});

test("a line longer than a part is read whole, once it is complete", async () => {
  const long = "y".repeat(5_000_000);
  const { file, path } = streamOf("long", `first\n${long}`);
  expect(await file.read(0)).toMatchObject({ lines: ["first"], offset: 6 });
  expect(await file.read(6)).toMatchObject({ lines: [], offset: 6 });
  appendFileSync(path, "end\nlast\n");
  const chunk = await file.read(6);
  expect(chunk.lines).toHaveLength(1);
  expect(chunk.lines[0]).toBe(`${long}end`);
  expect((await file.read(chunk.offset)).lines).toEqual(["last"]);
});

test("a line that is out of all bounds is skipped and named, and the next ones are read", async () => {
  const { file } = streamOf("monster", `${"z".repeat(MAX_LINE_BYTES + 1)}\nafter\n`);
  const chunk = await file.read(0);
  expect(chunk).toMatchObject({
    lines: [JSON.stringify({ type: "line_skipped", bytes: MAX_LINE_BYTES + 2 })],
    offset: MAX_LINE_BYTES + 2,
  });
  expect((await file.read(chunk.offset)).lines).toEqual(["after"]);
});
