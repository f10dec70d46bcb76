import { expect, test } from "vitest";
import { MAX_BODY_CHARS, renderMail, type Letter } from "../../../../src/channels/email/render-mail.ts";
import { REPLY_MARKER } from "../../../../src/channels/email/reply-marker.ts";

const letter = (markdown: string, more: Partial<Letter> = {}): Letter => ({
  asked: null,
  markdown,
  notes: [],
  footer: [],
  ...more,
});
const html = (markdown: string): string => renderMail(letter(markdown), "answer.md").html;

test("the text is the Markdown under the marker, the HTML has tables, code and lists with styles of their own", () => {
  const markdown = "# Done\n\n| a | b |\n|---|--:|\n| 1 | 2 |\n\n```ts\nconst x = 1 < 2;\n```\n\n- [x] one";
  const mail = renderMail(letter(markdown), "answer.md");
  expect(mail.text).toBe(`${REPLY_MARKER}\n\n${markdown}\n`);
  expect(mail.html.indexOf(REPLY_MARKER.slice(0, 10))).toBeLessThan(mail.html.indexOf("<h1"));
  expect(mail.html).toMatch(/<td style="[^"]*text-align:right">2<\/td>/);
  expect(mail.html).toMatch(/<pre style="[^"]*white-space:pre-wrap[^"]*"><code style="[^"]*">const x = 1 &lt; 2;/);
  expect(mail.html).toContain("☑ one");
  expect(mail.html).not.toMatch(/background:\s*(#|white|black)/);
});

test.each([
  ["a script", "<script>alert(1)</script>"],
  ["an event handler", '<b onclick="x()">b</b>'],
  ["a picture that tells who reads", "![pixel](https://evil.example/p.png)"],
  ["a picture in HTML", '<img src="https://evil.example/p.png">'],
  ["a link that runs", "[x](javascript:alert(1))"],
  ["data as a link", "[x](data:text/html;base64,xx)"],
  ["a style of its own", '<div style="position:fixed;background:url(https://evil.example)">x</div>'],
  ["a frame", "<iframe src=https://evil.example></iframe>"],
  ["a form", "<form action=https://evil.example><input name=x></form>"],
  ["an attribute in a link", '[x](https://a.example"onmouseover="x)'],
])("%s in an answer does nothing in the mail", (_, markdown) => {
  const inner = html(markdown).replaceAll(/&lt;.*?&gt;/gs, "");
  expect(inner).not.toMatch(/<(script|img|iframe|form|input|link|object|svg|style|b)\b/i);
  expect(inner).not.toMatch(/\son\w+\s*=\s*["'](?!.*&quot;)/i);
  expect(inner).not.toMatch(/(href|src)="(javascript|data|cid):/i);
  expect(inner).not.toMatch(/url\(/);
  expect(inner).not.toContain("src=");
});

test("what looks like HTML is shown, not lost", () => {
  expect(html("Use <Button> and <Link to='/'>")).toContain("Use &lt;Button&gt; and &lt;Link to='/'&gt;");
});

test("an answer that is too long is cut, and the mail says where all of it is", () => {
  const mail = renderMail(letter(`${"word ".repeat(20)}\n\n`.repeat(1_000)), "answer.md");
  expect(mail.cut).toBe(true);
  expect(mail.text.length).toBeLessThan(MAX_BODY_CHARS + 500);
  expect(mail.text).toContain("all of it is in answer.md");
  expect(mail.html).toContain("all of it is in answer.md");
});

test("an HTML that mail programs would clip is made shorter, down to a table of nothing but cells", () => {
  const table = `|${"a|".repeat(20)}\n|${"-|".repeat(20)}\n${`|${"x|".repeat(20)}\n`.repeat(900)}`;
  const mail = renderMail(letter(table), "answer.md");
  expect(mail.cut).toBe(true);
  expect(Buffer.byteLength(mail.html)).toBeLessThanOrEqual(95_000);
});

test.each(["[", "*", "> ", "- ", "`", "<a ", "_a", "![", "|a"])(
  "40,000 characters of %j take less than 10 s",
  (unit) => {
    const started = performance.now();
    renderMail(letter(unit.repeat(40_000 / unit.length)), "answer.md");
    expect(performance.now() - started).toBeLessThan(10_000);
  },
);

test("who asked stands above, notes and footer below, in both bodies, and none of it is markup", () => {
  const said = { asked: "Ada <b>asked</b> in Slack: why?", notes: ["Not attached: <x>"] };
  const mail = renderMail(
    letter("answer", { ...said, footer: [{ text: "Open", href: "https://o.example/?a=1&b=2" }] }),
    "a",
  );
  expect(mail.text).toMatch(/Ada <b>asked<\/b> in Slack: why\?\n\nanswer\n\nNot attached: <x>\n\n--\nOpen: https:/);
  expect(mail.html).toContain("Ada &lt;b&gt;asked&lt;/b&gt;");
  expect(mail.html).toContain('href="https://o.example/?a=1&amp;b=2"');
});
