import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { conversationFile } from "../../../src/claude/conversation-files.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "orch-conversation-"));
});
afterEach(() => rm(folder, { recursive: true }));

test("a conversation without a record has no bytes, and a record that is put back is found", async () => {
  const record = conversationFile(folder, "one");
  expect([await record.exists(), await record.bytes()]).toEqual([false, 0]);
  await record.restore(Buffer.from("line\n"));
  expect([await record.exists(), await record.bytes()]).toEqual([true, 5]);
});

test("a record that is put back takes the place of the older one, wherever that lies", async () => {
  await mkdir(join(folder, "projects", "zz-work"), { recursive: true });
  const path = join(folder, "projects", "zz-work", "one.jsonl");
  await writeFile(path, "old\n");
  const record = conversationFile(folder, "one");
  await record.restore(Buffer.from("old\nnew\n"));
  expect(await readFile(path, "utf8")).toBe("old\nnew\n");
  expect(await record.read(100)).toEqual(Buffer.from("old\nnew\n"));
});
