import { expect, test } from "vitest";
import { beginsWithValue, fillText, valuesOf, variablesIn } from "../../../src/sessions/templates/fill-text.ts";

const values = (given: Record<string, string>) => new Map(Object.entries(given));
const APART = "\u200B";

test("variables are put in where they stand, also twice and beside each other", () => {
  expect(fillText("Fix #{{ number }}: {{title}}{{title}}.", values({ number: "7", title: "It fails" }))).toBe(
    "Fix #7: It failsIt fails.",
  );
});

test("braces in a value are text, and so are replacement patterns", () => {
  expect(fillText("{{a}} and {{b}}", values({ a: "{{b}} $& $1 $`", b: "\\{{a}}" }))).toBe("{{b}} $& $1 $` and \\{{a}}");
});

test("escaped braces are plain braces and ask for no variable", () => {
  expect([...variablesIn("f", "\\{{x}} {{y}}")]).toEqual(["y"]);
  expect(fillText("\\{{x}} {{y}}", values({ y: "1" }))).toBe("{{x}} 1");
});

test.each(["{{", "{{}}", "{{a b}}", "${{ github.token }}", "{{1a}}", "{{{a}}}", "{{-}}", "{{a"])(
  "%s in a template is refused and quoted",
  (text) => {
    expect(() => variablesIn("body.session.initialPrompt", text)).toThrow(/^body\.session\.initialPrompt has "\{\{/);
  },
);

test.each([
  ["a value's own path", "See {{x}}", "@/etc/passwd", `See @${APART}/etc/passwd`],
  ["a value that ends with @ before a path of the template", "{{x}}/etc/passwd", "look @", `look @${APART}/etc/passwd`],
  [
    "a path of the template that a value would continue",
    "See @docs/{{x}}",
    "../../etc/passwd",
    `See @${APART}docs/../../etc/passwd`,
  ],
  ["a quoted path", 'See @"my docs/{{x}}"', "a", `See @${APART}"my docs/a"`],
  ["an @ alone", "See @{{x}}", "/etc/passwd", `See @${APART}/etc/passwd`],
])("%s is not inlined by Claude", (_, text, x, expected) => {
  expect(fillText(text, values({ x }))).toBe(expected);
});

test("a path that the template names itself stays one", () => {
  expect(fillText("See @docs/style.md about {{x}}", values({ x: "tabs" }))).toBe("See @docs/style.md about tabs");
});

test.each([
  ["{{x}}", true],
  ["  /{{x}} now", true],
  ["/rev{{x}}", true],
  ["!{{x}}", true],
  ["/review {{x}}", false],
  ["Do {{x}}", false],
  ["Do it", false],
])("whether %s begins with what a variable says: %s", (text, expected) => {
  expect(beginsWithValue(text, values({ x: "/clear" }))).toBe(expected);
});

const template = { name: "Fix", variables: { a: {}, b: { default: "2" }, c: { required: false } } };

test("each declared variable has its value, its default, or is empty", () => {
  expect([...valuesOf(template, { a: 1 })]).toEqual([
    ["a", "1"],
    ["b", "2"],
    ["c", ""],
  ]);
  expect([...valuesOf(template, { a: "x", b: false, c: "y" })]).toEqual([
    ["a", "x"],
    ["b", "false"],
    ["c", "y"],
  ]);
});

test("a missing variable and an unknown one are named", () => {
  expect(() => valuesOf(template, {})).toThrow('body.variables.a is required by the template "Fix"');
  expect(() => valuesOf(template, { a: "", toString: "x" })).toThrow(
    'body.variables.toString is not a variable of the template "Fix", which has a, b, c',
  );
});
