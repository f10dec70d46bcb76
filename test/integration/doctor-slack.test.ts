import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createHeard } from "../../src/channels/slack/heard.ts";
import { checkSlack, type SlackFacts } from "../../src/cli/doctor/check-slack.ts";
import { findSlackFacts } from "../../src/cli/doctor/doctor-queries.ts";
import { readConfig } from "../../src/config.ts";
import { SLACK_BOT_EVENTS, SLACK_BOT_SCOPES } from "../../src/contract/slack-app.ts";
import { createLogger } from "../../src/lib/logger.ts";
import { createTokenCipher } from "../../src/lib/token-cipher.ts";
import { testDatabase } from "../support/database.ts";
import { startFakeSlack, type FakeSlack } from "../support/fake-slack/fake-slack.ts";
import { temporaryFolder } from "../support/git.ts";

let slack: FakeSlack;
beforeEach(async () => void (slack = await startFakeSlack()));
afterEach(() => slack[Symbol.asyncDispose]());

const NOTHING: SlackFacts = { heard: [], workspaces: [] };
const PUBLIC_URL = "https://orchestrator.example.com";

async function look(values: Record<string, string>, facts: SlackFacts | undefined = NOTHING) {
  const checks = await checkSlack(readConfig({ SLACK_API_URL: slack.apiUrl, ...values }), facts);
  expect(JSON.stringify(checks), "a token").not.toMatch(/xoxb-|xapp-/);
  return Object.fromEntries(checks.map(({ name, state, text, advice }) => [name, { state, text, advice }]));
}

const own = () => ({ SLACK_BOT_TOKEN: slack.team().botToken, SLACK_SIGNING_SECRET: slack.signingSecret, PUBLIC_URL });

test("where nothing of Slack is configured nothing is said of it, and half of it is said to be off", async () => {
  expect(await look({})).toEqual({});
  expect(await look({ SLACK_SIGNING_SECRET: "s" })).toMatchObject({
    Slack: { state: "fail", text: /SLACK_BOT_TOKEN/ },
  });
});

test("a whole app is found whole", async () => {
  const found = await look(own(), { heard: [...SLACK_BOT_EVENTS], workspaces: [] });
  expect(Object.values(found).map(({ state }) => state)).toEqual(["ok", "ok", "ok", "ok"]);
  expect(found["Slack token"]?.text).toContain("Workspace 1");
  expect(found["Slack receiving"]?.text).toBe(`over HTTP at ${PUBLIC_URL}/slack/events`);
});

test("each scope that is missing is named with what does not work", async () => {
  for (const scope of SLACK_BOT_SCOPES) {
    slack.team().scopes = SLACK_BOT_SCOPES.filter((one) => one !== scope);
    const { "Slack scopes": scopes } = await look(own());
    expect(scopes).toMatchObject({ state: "fail", advice: expect.stringContaining("install it again") });
    expect(scopes?.text).toMatch(new RegExp(`^missing: ${scope} \\([^)]+\\)$`));
  }
});

test("tokens that Slack refuses, and a Slack that is away, are told apart", async () => {
  const wrong = await look({ SLACK_BOT_TOKEN: "xoxb-wrong", SLACK_APP_TOKEN: "xapp-wrong" });
  expect(wrong["Slack token"]).toMatchObject({ state: "fail", text: "SLACK_BOT_TOKEN: invalid_auth" });
  expect(wrong["Slack receiving"]).toMatchObject({ state: "fail", text: "SLACK_APP_TOKEN: invalid_auth" });
  const right = await look({ SLACK_BOT_TOKEN: slack.team().botToken, SLACK_APP_TOKEN: slack.appToken });
  expect(right["Slack receiving"]).toMatchObject({ state: "ok", text: "by Socket Mode" });
  const away = await look({ ...own(), SLACK_API_URL: "http://127.0.0.1:9/api/" });
  expect(away["Slack token"]?.text).toContain("no answer from http://127.0.0.1:9/api/");
  expect(away["Slack token"]?.advice).toContain("SLACK_API_URL");
});

test("that nothing can be received, or only where Slack cannot reach, is said", async () => {
  const { SLACK_SIGNING_SECRET: _, ...deaf } = own();
  expect((await look(deaf))["Slack receiving"]).toMatchObject({ state: "fail", text: /nothing can be received/ });
  const { PUBLIC_URL: __, ...local } = own();
  expect((await look(local))["Slack receiving"]).toMatchObject({ state: "warn", text: /PUBLIC_URL/ });
});

const eventsAfter = async (heard: string[]) => (await look(own(), { heard, workspaces: [] }))["Slack events"];

test("an event that must have come by now is missing by name; of the others it is said that they never came", async () => {
  expect(await eventsAfter([])).toMatchObject({ state: "warn", text: "none ever came" });
  const onlyMentions = await eventsAfter(["app_mention"]);
  expect(onlyMentions).toMatchObject({ state: "warn", text: /^missing: message\.channels .*; reaction_added / });
  const most = await eventsAfter(["app_mention", "message.channels", "reaction_added"]);
  expect(most?.state).toBe("ok");
  expect(most?.text).toMatch(/Never came, which may mean that nobody did it: .*message\.im \(if it is not subscribed/);
});

const keyed = (name: string, secret: string) => ({
  name,
  scopes: [...SLACK_BOT_SCOPES],
  keyId: createTokenCipher(secret).keyId,
});

test("workspaces whose tokens are under another key are named, and no key is made by looking", async () => {
  await using folder = await temporaryFolder();
  const values = { ...own(), DATA_DIR: folder.path };
  const key = "a key of thirty-two characters, or more";
  const facts = { heard: [], workspaces: [keyed("Acme", key), keyed("Globex", "another key")] };
  expect((await look(values, facts))["Slack token key"]?.text).toMatch(/no key in DATA_DIR: Acme, Globex$/);
  expect(await readdir(folder.path)).toEqual([]);
  const found = (await look({ ...values, SLACK_TOKEN_KEY: key }, facts))["Slack token key"];
  expect(found).toMatchObject({ state: "fail", text: /another key: Globex$/, advice: /SLACK_TOKEN_KEY/ });
  await writeFile(join(folder.path, "slack-token-key"), `${key}\n`);
  const readable = { ...facts, workspaces: facts.workspaces.slice(0, 1) };
  expect(await look(values, readable)).not.toHaveProperty("Slack token key");
});

test("workspaces that installed the app are judged by what each granted, and events by what came", async () => {
  await using database = await testDatabase();
  const { db } = database;
  const heard = createHeard({ db, log: createLogger("silent") });
  for (const event of [{ type: "message", channel_type: "im" }, { type: "app_mention" }, { type: "user_change" }])
    await Promise.all([heard(event), heard(event)]);
  const row = { botUserId: "U1", botToken: Buffer.from("x"), keyId: "k" };
  await db
    .insertInto("slackInstallations")
    .values([
      { ...row, team: "T1", teamName: "Acme", scopes: [...SLACK_BOT_SCOPES] },
      { ...row, team: "T2", teamName: "Globex", scopes: SLACK_BOT_SCOPES.slice(1) },
    ])
    .execute();
  const facts = await findSlackFacts(db);
  expect(facts.heard).toEqual(["app_mention", "message.im"]);
  const oauth = { SLACK_CLIENT_ID: "1.2", SLACK_CLIENT_SECRET: "s", SLACK_SIGNING_SECRET: "s", PUBLIC_URL };
  const found = await look(oauth, facts);
  expect(found["Slack scopes in Acme"]?.state).toBe("ok");
  expect(found["Slack scopes in Globex"]?.text).toMatch(/^missing: app_mentions:read /);
  expect((await look(oauth))["Slack installation"]).toMatchObject({ state: "warn", advice: /slack\/install$/ });
});
