import { expect, test } from "vitest";
import { createAnswerFiles } from "../../../src/deliveries/answer-files.ts";

const MIB = 1024 * 1024;
const bytesOf: Record<string, number> = {
  "nothing.txt": 0,
  "big.zip": 20 * MIB,
  "more.zip": 20 * MIB,
  "half.zip": 12 * MIB,
};

const readAnswerFiles = createAnswerFiles({
  readFile: (sessionId, path, maxBytes) => {
    if (sessionId !== "session" || maxBytes !== 20 * MIB)
      throw new Error(`${sessionId} may not read ${maxBytes} bytes`);
    if (path.includes("secret")) return Promise.resolve({ why: "is not inside the workspace" });
    return Promise.resolve({ content: Buffer.alloc(bytesOf[path] ?? path.length, "x") });
  },
});
const read = (...paths: string[]) =>
  readAnswerFiles(
    "session",
    ["Done.", ...paths.map((path) => `ATTACH: ${path}`)].join("\n"),
    new AbortController().signal,
  );

test("named files go out under their own names, and the answer without the lines", async () => {
  const { text, files, refused } = await read("out/a.pdf", "b/A.pdf", "x/.env", "notes", "../secret");
  expect(text).toBe("Done.");
  expect(files.map(({ name, mediaType, size }) => [name, mediaType, size])).toEqual([
    ["a.pdf", "application/pdf", 9],
    ["A-2.pdf", "application/pdf", 7],
    ["env", "application/octet-stream", 6],
    ["notes", "application/octet-stream", 5],
  ]);
  expect(files.every(({ content, size }) => content.length === size)).toBe(true);
  expect(refused).toEqual([{ path: "../secret", why: "is not inside the workspace" }]);
});

test("after ten files the rest stays, and a refused one does not count", async () => {
  const { files, refused } = await read("secret", ...Array.from({ length: 12 }, (_, index) => `f${index}.txt`));
  expect(files).toHaveLength(10);
  expect(refused.map(({ path }) => path)).toEqual(["secret", "f10.txt", "f11.txt"]);
  expect(refused[1]?.why).toMatch(/after the 10 files/);
});

test("all together are at most 50 MiB; a smaller one after one too many still goes", async () => {
  const { files, refused } = await read("big.zip", "more.zip", "half.zip", "small.txt", "nothing.txt");
  expect(files.map(({ name }) => name)).toEqual(["big.zip", "more.zip", "small.txt"]);
  expect(refused).toEqual([
    { path: "half.zip", why: expect.stringMatching(/50 MiB/) },
    { path: "nothing.txt", why: "is empty" },
  ]);
});

test("an answer that is only files still has words, and one without files is left as it is", async () => {
  const { signal } = new AbortController();
  expect((await readAnswerFiles("session", "ATTACH: out/a.pdf\nATTACH: secret", signal)).text).toBe("a.pdf, secret");
  expect(await readAnswerFiles("session", " As it is.\n", signal)).toMatchObject({
    text: " As it is.\n",
    files: [],
    refused: [],
  });
});
