import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { curlCommand, shortCurlCommand } from "./curl-command.ts";
import { changeBlocks, filePatch, unshown } from "./diff-files.ts";
import { count, duration, fileSize, money, moment, plainLine, repoName, shortAge } from "./format.ts";
import { waitText } from "./session-state.ts";
import { allowingRule, callSummary, toolCounts } from "./tool-words.ts";

test("numbers are short and stand still", () => {
  expect([800, 4_200, 42_000, 80_000, 7_500_000].map(duration)).toEqual([
    "800 ms",
    "4.2 s",
    "42 s",
    "1m 20s",
    "2h 05m",
  ]);
  expect([0, 0.001, 0.84, 38.2].map(money)).toEqual(["$0.00", "<$0.01", "$0.84", "$38.20"]);
  expect([999, 1_204, 1_234_567].map(count)).toEqual(["999", "1\u2009204", "1\u2009234\u2009567"]);
  expect([0, 1, 999, 1_000, 3_449, 9_999, 183_402, 20_971_520].map(fileSize)).toEqual([
    "0 bytes",
    "1 byte",
    "999 bytes",
    "1.0 kB",
    "3.4 kB",
    "10 kB",
    "183 kB",
    "21 MB",
  ]);
  const now = Date.parse("2026-01-02T12:00:00Z");
  expect([5, 90, 7_200, 200_000].map((ago) => shortAge(new Date(now - ago * 1_000).toISOString(), now))).toEqual([
    "5s",
    "1m",
    "2h",
    "2d",
  ]);
  expect(moment("2025-12-24T12:00:00Z", now)).toBe("24 Dec");
});

test("a repository is called by its last part, however it was written", () => {
  const names = ["owner/web", "https://github.com/owner/web.git", "git@github.com:owner/web.git"].map((githubRepo) =>
    repoName({ githubRepo, projectPath: null }),
  );
  expect(new Set(names)).toEqual(new Set(["web"]));
  expect(repoName({ githubRepo: null, projectPath: "/home/me/ledger/" })).toBe("ledger");
});

test("a line of Markdown is shown as words", () => {
  expect(plainLine("> The **import** of `a.js` is [done](https://x)")).toBe("The import of a.js is done");
  expect(plainLine("snake_case and 2 * 3 stay")).toBe("snake_case and 2 * 3 stay");
});

test("a wait says until when, a retry at what time", () => {
  const until = new Date(2026, 0, 1, 19, 0).toISOString();
  expect(waitText({ kind: "limit", text: "Usage limit", until })).toBe("Usage limit until 19:00");
  expect(waitText({ kind: "retry", text: "Retry 2 of 3", until })).toBe("Retry 2 of 3 at 19:00");
  expect(waitText({ kind: "limit", text: "Usage limit until 19:00", until })).toBe("Usage limit until 19:00");
});

test("a call is told by what tells it apart, inside the workspace without the workspace's path", () => {
  expect(callSummary({ tool: "Edit", input: { file_path: "/w/src/a.js", old_string: "x" } }, "/w")).toBe("src/a.js");
  expect(callSummary({ tool: "Bash", input: { command: "npm test\nls" } }, "/w")).toBe("npm test");
  expect(callSummary({ tool: "Agent", input: { prompt: "long", description: "explore" } }, null)).toBe("explore");
  expect(toolCounts([{ tool: "Read" }, { tool: "Bash" }, { tool: "Read" }])).toBe("Read 2, Bash 1");
});

test("the rule for a refused call allows that call, and a compound one only by its first word", () => {
  expect(allowingRule({ tool: "Bash", input: { command: "git push origin main" } })).toBe("Bash(git push origin main)");
  expect(allowingRule({ tool: "Bash", input: { command: "npm test && rm -rf /" } })).toBe("Bash(npm *)");
  expect(allowingRule({ tool: "Write", input: { file_path: "/x" } })).toBe("Write");
});

test("the curl lines give the shell the very body, quotes and all", () => {
  const body = { initialPrompt: "Don't `rm` $HOME\nplease", tags: ["a b"] };
  for (const command of [curlCommand("http://h/api", body, false), shortCurlCommand("http://h/api", body, true)]) {
    const script = `curl() { for last; do :; done; printf %s "$last"; }; API_KEY=k; ${command}`;
    expect(JSON.parse(execFileSync("sh", ["-c", script], { encoding: "utf8" }))).toEqual(body);
  }
});

test("a file's part of a patch is found by its new name, and what has no lines says why", () => {
  const patch =
    "diff --git a/a.js b/b.js\nrename from a.js\nrename to b.js\ndiff --git a/x.png b/x.png\nBinary files differ\n";
  const file = { path: "b.js", previousPath: "a.js", status: "renamed", added: 0, removed: 0 } as const;
  expect(filePatch(patch, file)).toContain("rename to b.js");
  expect(unshown(file, filePatch(patch, file), { truncated: false })).toBe("Only the name or the mode changed.");
  expect(unshown({ ...file, added: null }, "", { truncated: false })).toBe("Binary file, not shown.");
  expect(unshown(file, "", { truncated: true })).toMatch(/^Too much changed/u);
});

test("the five blocks never hide a side that changed", () => {
  expect(changeBlocks({ added: 500, removed: 1 })).toEqual(["added", "added", "added", "added", "removed"]);
  expect(changeBlocks({ added: 1, removed: 0 })).toEqual(["added", "none", "none", "none", "none"]);
  expect(changeBlocks({ added: 0, removed: 1 })).toEqual(["removed", "none", "none", "none", "none"]);
});
