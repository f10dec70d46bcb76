import { expect, test } from "vitest";
import { mentionedPeople, plainText } from "../../../../src/channels/slack/plain-text.ts";

const names = { botUserId: "UBOT", people: new Map([["U2", "Bob"]]) };
const plain = (text: string) => plainText(text, names);

test("markup becomes what people see, and mentions of the bot go", () => {
  expect(plain("<@UBOT> ask <@U2>, <@U3> and <@U4|dora> in <#C1|dev>")).toBe("ask @Bob, @U3 and @dora in #dev");
  expect(plain("<!here> <!subteam^S1|@devs> <!date^1^{date}|today>")).toBe("@here @devs today");
  expect(plain("<https://a.example/x|the page>, <https://b.example>, <mailto:a@b.c|a@b.c>")).toBe(
    "the page (https://a.example/x), https://b.example, a@b.c",
  );
});

test("escaped characters come back once, and code is left as it was written", () => {
  expect(plain("if (a &lt; b &amp;&amp; c &gt; d) {\n\treturn;\n}")).toBe("if (a < b && c > d) {\n\treturn;\n}");
  expect(plain("&amp;lt;")).toBe("&lt;");
});

test("people are named once each, the bot not at all", () => {
  expect(mentionedPeople("<@UBOT> <@U2> <@U2|bob> <@W3>", "UBOT")).toEqual(["U2", "W3"]);
});
