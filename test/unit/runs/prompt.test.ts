import { expect, test } from "vitest";
import { promptOf } from "../../../src/runs/prompt.ts";

const content = "/review @src/main.ts";

test.each(["api", "dashboard", "cli", "schedule"])("text of %s goes to Claude as typed", (source) => {
  expect(promptOf({ content, source, author: "Ann" })).toBe(content);
});

test.each(["slack", "email", "n8n", "github", "hub", "mcp"])(
  "text of %s begins with its author, and inlines nothing",
  (source) => {
    expect(promptOf({ content, source, author: "Ann @x\nBob" })).toBe(
      `Message from Ann @\u200Bx Bob (${source}):\n\n/review @\u200Bsrc/main.ts`,
    );
  },
);
