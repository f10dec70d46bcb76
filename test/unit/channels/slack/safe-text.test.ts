import fc from "fast-check";
import { expect, test } from "vitest";
import { safeMarkdown, safeMrkdwn, safeTitle, settledLength } from "../../../../src/channels/slack/safe-text.ts";

const PINGS = ["<!channel>", "<!here|here>", "<!everyone>", "<!subteam^S012AB|@team>", "<@U012AB>", "<@W012|name>", "<!CHANNEL>", "@channel", "@here", "@everyone", "@Channel"]; // prettier-ignore

/** What Slack would act on, in the text as a person would read it. */
const pings = (text: string): boolean =>
  /<(?:!(?:channel|here|everyone|subteam)|@[UW])|@(?:channel|here|everyone)\b/iu.test(text);

test("nothing that pings is left in any kind of text", () => {
  for (const ping of PINGS)
    for (const text of [ping, `a ${ping} b`, `\`${ping}\``, `${ping}${ping}`, `\n${ping}\n`]) {
      expect(pings(text)).toBe(true);
      expect(pings(safeMarkdown(text))).toBe(false);
      expect(pings(safeMrkdwn(text))).toBe(false);
      expect(pings(safeTitle(text, 200))).toBe(false);
    }
});

/** Takes escapes and entities back, as a reader of Markdown would. */
const undo = (text: string): string =>
  text
    .replace(/&(?:lt|#0*60|#x0*3c);/giu, "<")
    .replace(/&(?:#0*64|#x0*40|commat);/giu, "@")
    .replace(/&(?:#0*33|#x0*21|excl);/giu, "!")
    .replace(/\\([<!@])/gu, "$1");

test("a ping in disguise stays broken when escapes and entities are undone", () => {
  for (const text of [
    "\\<!channel>",
    "<\\!channel>",
    "<\\@U1>",
    "&lt;!channel&gt;",
    "&#60;@U1>",
    "&#x3C;!here>",
    "&lt;&#33;channel>",
    "<&#33;channel>",
    "<&#x40;U1>",
    "<&commat;U1>",
    "<&excl;here>",
  ])
    expect(pings(undo(safeMarkdown(text)))).toBe(false);
});

test("ordinary text, code and mail addresses are not touched", () => {
  const text =
    "<!-- c --> <!DOCTYPE html> a < b, x@example.com, <https://example.com>, `a<b>` @param @heres &lt;b&gt; &amp;";
  expect(safeMarkdown(text)).toBe(text);
});

test("random text with pings in it, cut anywhere into a stream, never shows one", () => {
  const piece = fc.oneof(
    fc.constantFrom(...PINGS, "<", "!", "@", "&", "lt;", "chan", "nel", "\\", " "),
    fc.string({ maxLength: 5 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), fc.array(fc.nat(200), { maxLength: 5 }), (pieces, cuts) => {
      const text = pieces.join("");
      let shown = "";
      for (const at of [...cuts.filter((cut) => cut < text.length).toSorted((a, b) => a - b), text.length]) {
        const now = text.slice(0, at);
        const safe = safeMarkdown(now.slice(0, settledLength(now)));
        if (safe.startsWith(shown)) shown = safe;
        expect(pings(shown)).toBe(false);
      }
    }),
    { numRuns: 5_000 },
  );
});

test("a title is one line, and cut between characters", () => {
  expect(safeTitle("a\n b\t c", 50)).toBe("a b c");
  expect(safeTitle("😀".repeat(10), 6)).toBe("😀😀…");
});
