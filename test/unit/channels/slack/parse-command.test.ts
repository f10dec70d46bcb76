import { expect, test } from "vitest";
import { parseCommand, parseSlash } from "../../../../src/channels/slack/parse-command.ts";

test("a word alone is a command, whatever its case and sign", () => {
  expect(["stop", "STOP!", "!stop", " Stop. "].map((text) => parseCommand(text))).toEqual(
    Array.from({ length: 4 }, () => ({ is: "stop" })),
  );
  expect(parseCommand("mode all")).toEqual({ is: "mode", mode: "all" });
  expect(parseCommand("verbosity Result")).toEqual({ is: "verbosity", verbosity: "result" });
  expect(parseCommand("repo acme/web")).toEqual({ is: "repo", repository: "acme/web" });
  expect(parseCommand("repo https://github.com/acme/web.git")).toEqual({ is: "repo", repository: "acme/web" });
  expect(parseCommand("repo none")).toEqual({ is: "repo", repository: null });
});

test("a sentence that begins with such a word is a prompt", () => {
  const prompts = [
    "stop the server in main.ts",
    "help me with this",
    "status of the build?",
    "mode loud",
    "repo it",
    "",
  ];
  expect(prompts.map((text) => parseCommand(text))).toEqual(prompts.map(() => undefined));
});

test("after the slash everything is a command, or is said to be wrong", () => {
  expect(parseSlash(" ")).toEqual({ is: "help" });
  expect(parseSlash("mute")).toEqual({ is: "mute" });
  expect(parseSlash("mode loud")).toMatchObject({ is: "wrong", why: expect.stringContaining("mention, thread, all") });
  expect(parseSlash("please help me")).toMatchObject({ is: "wrong" });
});
