import fc from "fast-check";
import { expect, test } from "vitest";
import { cutQuotes } from "../../../../src/channels/email/quotes.ts";
import { REPLY_MARKER } from "../../../../src/channels/email/reply-marker.ts";

const OURS = [REPLY_MARKER, "", "I moved the wait.", "Shall I remove the retry?"];
const quoted = OURS.map((line) => (line === "" ? ">" : `> ${line}`)).join("\n");
const ATTRIBUTIONS = [
  "On Sat, Nov 21, 2026 at 10:20 AM Claude <claude@orch.test> wrote:",
  "On Sat, Nov 21, 2026 at 10:20 AM Claude <\nclaude+0011223344556677-001122334455@orch.test> wrote:",
  "Am Sa., 21. Nov. 2026 um 10:20 Uhr schrieb Claude <claude@orch.test>:",
  "Claude <claude@orch.test> schrieb am Sa., 21. Nov. 2026, 10:20:",
  "Le sam. 21 nov. 2026 à 10:20, Claude <claude@orch.test> a écrit :",
  "El sáb, 21 nov 2026 a las 10:20, Claude (<claude@orch.test>) escribió:",
  "Il giorno sab 21 nov 2026 alle ore 10:20 Claude <claude@orch.test> ha scritto:",
  "Op za 21 nov 2026 om 10:20 schreef Claude <claude@orch.test>:",
  "сб, 21 нояб. 2026 г. в 10:20, Claude <claude@orch.test>:",
  "2026年11月21日(土) 10:20 Claude <claude@orch.test>:",
];
const word = fc.constantFrom(
  "yes",
  "please",
  "the",
  "größer",
  "テスト",
  "fix",
  "0x3f",
  "--force",
  "`a > b`",
  "It:",
  "🙂",
);
const line = fc.array(word, { minLength: 1, maxLength: 8 }).map((words) => words.join(" "));
const own = fc
  .array(fc.oneof(line, fc.constant("")), { minLength: 1, maxLength: 12 })
  .filter((lines) => lines.some((text) => text !== ""));
const trimmed = (lines: string[]) => lines.join("\n").trim();

test("whatever a mail holds, cutting quotes throws nothing and invents nothing", () => {
  const piece = fc.constantFrom(
    ">",
    "> ",
    "\n",
    "```",
    "-- ",
    "From: a <a@b.c>",
    "Sent: x",
    REPLY_MARKER,
    "wrote:",
    "_".repeat(32),
    "-----Original Message-----",
    ...ATTRIBUTIONS,
  );
  const hostile = fc
    .array(fc.oneof(fc.string({ unit: "binary" }), piece, line, fc.constant("\n")), { maxLength: 40 })
    .map((all) => all.join(""));
  fc.assert(
    fc.property(hostile, (text) => {
      const kept = cutQuotes(text)
        .text.split("\n")
        .filter((part) => part !== "> […]");
      const lines = new Set(
        text
          .replaceAll("\r\n", "\n")
          .trim()
          .split("\n")
          .map((part) => part.trim()),
      );
      expect(kept.filter((part) => part.trim() !== "" && !lines.has(part.trim()))).toEqual([]);
    }),
    { numRuns: 3_000 },
  );
});

test("what somebody wrote above our quoted mail is kept whole, in whatever language it is introduced", () => {
  fc.assert(
    fc.property(own, fc.constantFrom(...ATTRIBUTIONS), fc.boolean(), (lines, attribution, gap) => {
      const text = `${trimmed(lines)}\n\n${attribution}\n${gap ? "\n" : ""}${quoted}\n`;
      expect(cutQuotes(text)).toEqual({ text: trimmed(lines), cut: true });
    }),
    { numRuns: 2_000 },
  );
});

test("a reply with text of its own is never empty, wherever the text stands", () => {
  fc.assert(
    fc.property(own, fc.constantFrom(...ATTRIBUTIONS), fc.boolean(), (lines, attribution, below) => {
      const parts = [`${attribution}\n${quoted}`, trimmed(lines)];
      const text = (below ? parts : parts.toReversed()).join("\n\n");
      expect(cutQuotes(text).text).toContain(trimmed(lines));
    }),
    { numRuns: 2_000 },
  );
});

test("an answer under a quote without our marker keeps what it answers, by its last lines", () => {
  const long = Array.from({ length: 30 }, (_, at) => `> line ${at}`).join("\n");
  const { text } = cutQuotes(
    `On Sat, Nov 21, 2026, Claude <claude@orch.test> wrote:\n${long}\n\nThe last one is wrong.\n`,
  );
  expect(text).toContain("> […]\n> line 22");
  expect(text.endsWith("> line 29\n\nThe last one is wrong.")).toBe(true);
});

test("lines that begin with > but quote nobody stay", () => {
  expect(cutQuotes("Run this:\n\n> npm test\n> npm run check\n").text).toBe("Run this:\n\n> npm test\n> npm run check");
});

test("a rule of dashes in the middle of a text ends nothing", () => {
  const text = `First part\n---\n${Array.from({ length: 14 }, (_, at) => `line ${at}`).join("\n")}`;
  expect(cutQuotes(text)).toEqual({ text, cut: false });
});
