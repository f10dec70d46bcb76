import fc from "fast-check";
import { marked, type Token } from "marked";
import { expect, test } from "vitest";
import { readLine, startOfText } from "../../../../src/channels/slack/markdown-lines.ts";
import { cutMarkdown, splitMarkdown } from "../../../../src/channels/slack/split-markdown.ts";

const LIMIT = 1_000;
/** Big enough for runs of 10,000 on a busy machine. */
const PROPERTY_MS = 180_000;

/** What our own reader of lines finds open at the end of a text. */
function openFence(text: string): unknown {
  const place = startOfText();
  for (const line of text.split("\n")) readLine(place, line);
  return place.fence;
}

/** The fenced blocks of a text that another reader of Markdown finds without an end. */
function unclosed(text: string): string[] {
  const found: string[] = [];
  const check = (token: Token): void => {
    if (token.type !== "code" || token["codeBlockStyle"] === "indented") return;
    const raw = token.raw.trimEnd();
    const marker = /^ *(`{3,}|~{3,})/u.exec(raw)?.[1] ?? "```";
    const last = raw.split("\n").at(-1)?.trim() ?? "";
    if (raw.split("\n").length < 2 || !last.startsWith(marker) || last.replaceAll(marker.charAt(0), "") !== "")
      found.push(raw);
  };
  void marked.walkTokens(marked.lexer(text), check);
  return found;
}

const word = fc.stringMatching(/^[a-zA-Z0-9äß日😀.,!?*_"\\()]{1,12}$/u);
const words = (most: number) => fc.array(word, { minLength: 1, maxLength: most }).map((list) => list.join(" "));
const codeLine = fc.oneof(words(12), fc.constantFrom("", "  return `x`;", "~~", "# no heading", "``", "- no item"));
const fenced = fc
  .record({
    marker: fc.constantFrom("```", "~~~", "````"),
    info: fc.constantFrom("", "ts", "sh copy"),
    lines: fc.array(codeLine, { maxLength: 60 }),
  })
  .map(({ marker, info, lines }) => [`${marker}${info}`, ...lines, marker].join("\n"));
const list = fc
  .array(fc.tuple(words(20), fc.option(fenced, { freq: 6 })), { minLength: 1, maxLength: 12 })
  .map((items) =>
    items
      .map(([text, code]) => `- ${text}${code === null ? "" : `\n\n${code.replace(/^(?=.)/gmu, "  ")}\n`}`)
      .join("\n"),
  );
const table = fc
  .array(fc.tuple(word, word), { minLength: 1, maxLength: 40 })
  .map((rows) => ["| a | b |", "|---|:-:|", ...rows.map(([a, b]) => `| ${a} | ${b} |`)].join("\n"));
const quote = fc.oneof(words(30), fenced).map((text) => text.replace(/^/gmu, "> "));
const block = fc.oneof(
  { weight: 4, arbitrary: words(80) },
  { weight: 2, arbitrary: words(6).map((text) => `## ${text}`) },
  { weight: 3, arbitrary: fenced },
  { weight: 2, arbitrary: list },
  table,
  quote,
);
const document = fc.array(block, { maxLength: 12 }).map((blocks) => blocks.join("\n\n"));
/** Letters that mean something to Markdown, thrown together. */
const wild = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: word },
      fc.constantFrom(
        "```",
        "~~~",
        "`",
        "\n",
        "\n\n",
        "    ",
        "  ",
        "\t",
        "> ",
        "- ",
        "1. ",
        "# ",
        "|",
        "---",
        "\r\n",
        "<!channel>",
      ),
      fc.constantFrom(
        "`".repeat(200),
        "~".repeat(150),
        "x".repeat(1_500),
        " ".repeat(1_200),
        "\u0001".repeat(90),
        "😀".repeat(400),
      ),
    ),
    { maxLength: 80 },
  )
  .map((pieces) => pieces.join(""));

const squeeze = (text: string): string => text.replace(/\s+/gu, "");

function checkParts(text: string): readonly string[] {
  const { text: whole, cuts } = cutMarkdown(text, LIMIT);
  expect(cuts.map(({ body }) => body).join("")).toBe(whole);
  expect(squeeze(whole.replaceAll("\u200b", ""))).toBe(squeeze(text.toWellFormed().replaceAll("\u200b", "")));
  const parts = cuts.map(({ opening, body, closing }) => opening + body + closing);
  for (const part of parts) {
    expect(JSON.stringify(part).length).toBeLessThanOrEqual(LIMIT + 2);
    expect(part.isWellFormed()).toBe(true);
    expect(openFence(part)).toBeUndefined();
  }
  return parts;
}

test(
  "10,000 random Markdown texts lose nothing, and every part is below the limit with its fences closed",
  () => {
    fc.assert(
      fc.property(fc.oneof({ weight: 3, arbitrary: document }, wild), (text) => void checkParts(text)),
      { numRuns: 10_000 },
    );
  },
  PROPERTY_MS,
);

test(
  "another reader of Markdown finds every fence of every part closed",
  () => {
    fc.assert(
      fc.property(document, (text) => {
        for (const part of checkParts(text)) expect(unclosed(part)).toEqual([]);
      }),
      { numRuns: 2_000 },
    );
  },
  PROPERTY_MS,
);

const paragraph = (letter: string, length: number): string => `${letter.repeat(9)} `.repeat(length / 10).trim();

test("a short text is one part, unchanged", () => {
  expect(splitMarkdown("# Title\n\nA *word*.", LIMIT)).toEqual(["# Title\n\nA *word*."]);
  expect(splitMarkdown("", LIMIT)).toEqual([]);
  expect(splitMarkdown("\n \n", LIMIT)).toEqual([]);
});

test("a cut falls before a heading rather than before a later paragraph", () => {
  const text = [paragraph("a", 500), "## Next", paragraph("b", 300), paragraph("c", 400)].join("\n\n");
  expect(splitMarkdown(text, LIMIT).map((part) => part.slice(0, 7))).toEqual(["aaaaaaa", "## Next"]);
});

test("code that is cut is closed and opened again with the same info string", () => {
  const code = Array.from({ length: 100 }, (_, index) => `const line${index} = ${index};`).join("\n");
  const parts = splitMarkdown(`Look:\n\n~~~ts title="a"\n${code}\n~~~\n\nDone.`, LIMIT);
  expect(parts.length).toBeGreaterThan(2);
  for (const part of parts.slice(1)) expect(part.startsWith('~~~ts title="a"\nconst line')).toBe(true);
  for (const part of parts.slice(0, -1)) expect(part.endsWith("\n~~~")).toBe(true);
});

test("a table that is cut has its head again", () => {
  const rows = Array.from({ length: 80 }, (_, index) => `| ${index} | ${"x".repeat(20)} |`).join("\n");
  const parts = splitMarkdown(`| n | text |\n|---|---|\n${rows}`, LIMIT);
  expect(parts.length).toBeGreaterThan(1);
  for (const part of parts) expect(part.startsWith("| n | text |\n|---|---|\n| ")).toBe(true);
});

test("a long line that stands outside of a list item ends the fence in it", () => {
  const text = `1. \`\`\`\n${"x".repeat(1_500)}`;
  expect(() => checkParts(text)).not.toThrow();
});

test("one endless line is cut at spaces and never inside a character", () => {
  expect(splitMarkdown(paragraph("w", 3_000), LIMIT).every((part) => /^w{9}( w{9})*$/u.test(part))).toBe(true);
  expect(splitMarkdown("😀".repeat(1_500), LIMIT).every((part) => part.isWellFormed())).toBe(true);
});
