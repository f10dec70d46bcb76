import { afterAll, beforeAll, expect, test } from "vitest";
import { openHouse, type House } from "../support/n8n-house.ts";
import { requireN8n } from "../support/n8n-install.ts";
import { script } from "../support/server-process.ts";

const here = requireN8n();
let house: House;
beforeAll(async () => {
  if (here) house = await openHouse({ files: ["01-session-initializer.json", "03-synchronous.json"] });
});
afterAll(() => house?.[Symbol.asyncDispose]());

test("who asks and waits is answered with Claude's answer, and may go on in the session", async () => {
  const { n8n } = house;
  const first = await n8n.call("claude/ask", { githubRepo: "acme/first", prompt: script({ text: "Here I am." }) });
  expect(first).toMatchObject({ status: 200, body: { status: "succeeded", answer: "Here I am.", error: null } });
});
