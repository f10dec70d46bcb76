import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { completeInstall } from "../../../../src/channels/slack/complete-install.ts";

const GRANTED = {
  ok: true,
  access_token: "xoxb-granted",
  bot_user_id: "U1",
  scope: "chat:write,commands",
  team: { id: "T1", name: "Acme" },
  authed_user: { id: "U2" },
};

/** What we make of an answer of Slack's. */
async function after(answer: object) {
  await using server = createServer((_req, res) => {
    res.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const apiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/`;
  return await completeInstall({
    apiUrl,
    clientId: "c",
    clientSecret: "s",
    code: "once",
    redirectUri: "https://x.test/",
  });
}

test("a grant is read as the workspace it is for, with what was granted and by whom", async () => {
  expect(await after(GRANTED)).toEqual({
    teamId: "T1",
    teamName: "Acme",
    botUserId: "U1",
    botToken: "xoxb-granted",
    scopes: ["chat:write", "commands"],
    installedBy: "U2",
  });
});

test.each([
  ["for a whole organisation", { ...GRANTED, team: null, is_enterprise_install: true }, /one workspace/],
  ["a token that ends by itself", { ...GRANTED, expires_in: 43_200 }, /token rotation/],
  ["no token of a bot", { ok: true, authed_user: { id: "U2", access_token: "xoxp-1" } }, /no token of a bot/],
  ["a refusal", { ok: false, error: "invalid_code" }, /invalid_code/],
])("%s is refused in words", async (_what, answer, words) => {
  await expect(after(answer)).rejects.toThrow(words);
});
