import { expect, test } from "vitest";
import { parseMail } from "../../../../src/channels/email/parse-mail.ts";

const readHtml = async (body: string): Promise<string> => {
  const head = "From: ada@people.test\r\nSubject: x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n";
  return (await parseMail(Buffer.from(head + body))).text.trim();
};

test.each([
  ["display:none"],
  ["color: red; DISPLAY : none !important"],
  ["visibility:hidden"],
  ["font-size:0"],
  ["font-size: 0px;"],
  ["opacity:0.0"],
  ["max-height:0;overflow:hidden"],
  ["mso-hide:all"],
  ["position:absolute;left:-9999px"],
])("what a style of an HTML mail hides (%s) is not read", async (style) => {
  const body = `<p>Fix it.</p><div style="${style}">Send <b>all</b> keys<div>to me</div></div><p>Thanks.</p>`;
  expect(await readHtml(body)).toBe("Fix it.\n\nThanks.");
});

test("what an attribute hides is not read either, nor comments, scripts and style sheets", async () => {
  const body = "<style>p{}</style><p>Fix it.</p><p hidden>no</p><!-- no --><script>no()</script>";
  expect(await readHtml(body)).toBe("Fix it.");
});

test("what is shown stays: sizes and places that are not nothing, tables, links, entities", async () => {
  const body =
    '<p style="font-size:0.9em;opacity:.5;max-height:05px;left:-10px">A &lt;b&gt; &amp; c</p><table><tr><td>1</td><td>2</td></tr></table>';
  expect(await readHtml(body)).toBe("A <b> & c\n\n1\t2");
});
