import { expect, test } from "vitest";
import { responseText } from "../../../src/hooks/tool-text.ts";
import { toolActivity } from "../../../src/lib/tool-summary.ts";

test("an answer becomes the text a person would want to read", () => {
  const cases: [unknown, string | null][] = [
    [undefined, null],
    [null, null],
    ["plain", "plain"],
    [42, "42"],
    [{ stdout: "out", stderr: "err" }, "out\nerr"],
    [{ stdout: "", stderr: "err" }, "err"],
    [{ stdout: "out", stderr: "" }, "out"],
    [{ type: "text", file: { filePath: "/a", content: "inside" } }, "inside"],
    [{ type: "create", filePath: "/a", content: "x" }, "File created: /a"],
    [{ filePath: "/a", structuredPatch: [] }, "File updated: /a"],
    [
      {
        content: [
          { type: "text", text: "one" },
          { type: "text", text: "two" },
        ],
      },
      "one\ntwo",
    ],
    [[{ type: "text", text: "one" }], "one"],
    [[{ type: "image" }], '[{"type":"image"}]'],
    [{ anything: [1] }, '{"anything":[1]}'],
  ];
  for (const [response, text] of cases) expect(responseText(response)).toBe(text);
});

test("a call's activity is its tool and what it is about", () => {
  expect(toolActivity("Bash", { command: "npm test" })).toBe("Bash: npm test");
  expect(toolActivity("Think", {})).toBe("Think");
});
