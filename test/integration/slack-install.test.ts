import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { openInstallations } from "../../src/channels/slack/open-installations.ts";
import { slackConfig, slackEnvironment } from "../../src/config-slack.ts";
import { testDatabase, type TestDatabase } from "../support/database.ts";
import { startFakeSlack, type FakeSlack } from "../support/fake-slack/fake-slack.ts";
import { API_KEY, startTestServer } from "../support/http-server.ts";

const log = pino({ level: "silent" });
let parts: AsyncDisposableStack;
let slack: FakeSlack;
let database: TestDatabase;
let dataDir: string;

beforeEach(async () => {
  parts = new AsyncDisposableStack();
  slack = parts.use(await startFakeSlack({ teams: [{}, { installed: false }, { installed: false }] }));
  database = parts.use(await testDatabase());
  dataDir = await mkdtemp(join(tmpdir(), "orch-install-"));
  parts.defer(() => rm(dataDir, { recursive: true }));
});
afterEach(() => parts.disposeAsync());

const configOf = (values: Record<string, string> = {}) =>
  slackConfig(
    z.object(slackEnvironment).parse({
      SLACK_API_URL: slack.apiUrl,
      SLACK_CLIENT_ID: slack.clientId,
      SLACK_CLIENT_SECRET: slack.clientSecret,
      ...values,
    }),
  );

async function startServer(values: Record<string, string> = {}) {
  const address = { url: "" };
  const config = configOf(values);
  const opened = await openInstallations({ db: database.db, log, config, dataDir, baseUrl: () => address.url });
  const { routers, openRouters } = opened;
  const server = parts.use(await startTestServer({ routers, openRouters, settings: { apiKeys: [API_KEY] } }));
  address.url = server.url;
  return { url: server.url, installations: opened.installations, logged: server.logged };
}

/** A browser that is signed in with us, and allows the app on Slack's page for this workspace. */
async function install(url: string, team: string, { cookies = true }: { cookies?: boolean } = {}): Promise<Response> {
  const ours = await fetch(`${url}/slack/install`, {
    redirect: "manual",
    headers: { authorization: `Bearer ${API_KEY}` },
  });
  const [cookie = ""] = (ours.headers.getSetCookie()[0] ?? "").split(";");
  const page = new URL(ours.headers.get("location") ?? "");
  page.searchParams.set("team", team);
  const theirs = await fetch(page, { redirect: "manual" });
  return fetch(theirs.headers.get("location") ?? "", { headers: cookies ? { cookie } : {} });
}

test("two workspaces install the app, and each has its own token, encrypted at rest", async () => {
  const { url, installations, logged } = await startServer();
  const [second, third] = [slack.team(1), slack.team(2)];
  const answers = [await install(url, second.id), await install(url, third.id)];
  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  expect(await answers[0]?.text()).toContain("Added to Workspace 2");
  for (const team of [second, third]) {
    const { id: teamId, name: teamName, botToken, botUserId } = team;
    expect(await installations.find(teamId)).toEqual({ teamId, teamName, botToken, botUserId });
  }
  expect(await installations.find(slack.team().id)).toBeUndefined();
  const rows = await database.db.selectFrom("slackInstallations").selectAll().execute();
  expect(rows.map(({ scopes }) => scopes.includes("chat:write"))).toEqual([true, true]);
  expect(JSON.stringify(rows.map((row) => ({ ...row, botToken: row.botToken.toString("latin1") })))).not.toContain(
    "xoxb",
  );
  expect(logged()).not.toContain("xoxb");
  expect(logged()).not.toContain(slack.clientSecret);
  expect(slack.faults).toEqual([]);
});

test("an installation is begun by callers of ours only, and ended by the browser that began it", async () => {
  const { url, installations } = await startServer();
  for (const accept of ["*/*", "text/html"]) {
    const headers = { accept, "x-forwarded-for": "203.0.113.7" };
    const page = await fetch(`${url}/slack/install`, { redirect: "manual", headers });
    expect([page.status, page.headers.getSetCookie()]).toEqual([401, []]);
  }
  const { id } = slack.team(1);
  expect((await install(url, id, { cookies: false })).status).toBe(400);
  const forged = "9999999999.nonce.c2lnbmF0dXJl";
  const headers = { cookie: `orchestrator_slack_install=${forged}` };
  expect((await fetch(`${url}/slack/oauth_redirect?code=c&state=${forged}`, { headers })).status).toBe(400);
  expect(await installations.find(id)).toBeUndefined();
});

test("what Slack refuses is said, and nothing is kept of it", async () => {
  const { url, installations } = await startServer({ SLACK_CLIENT_SECRET: "wrong" });
  const answer = await install(url, slack.team(1).id);
  expect(answer.status).toBe(502);
  expect(await answer.text()).toContain("bad_client_secret");
  expect(await installations.list()).toEqual([]);
});

test("a removed app's token is gone, but not that of a later installation", async () => {
  const { url, installations } = await startServer();
  const { id } = slack.team(1);
  await install(url, id);
  await installations.remove(id, new Date(Date.now() - 60_000));
  expect(await installations.find(id)).toBeDefined();
  await installations.remove(id, new Date(Date.now() + 60_000));
  expect(await installations.find(id)).toBeUndefined();
});

test("the workspace of the configured token needs no installation, and is found once Slack answers", async () => {
  const config = configOf({ SLACK_BOT_TOKEN: slack.team().botToken });
  const { installations } = await openInstallations({ db: database.db, log, config, dataDir, baseUrl: () => "" });
  const { id: teamId, name: teamName, botToken, botUserId } = slack.team();
  expect(await installations.find(teamId)).toEqual({ teamId, teamName, botToken, botUserId });
  expect((await installations.list()).map((one) => one.teamId)).toEqual([teamId]);
  expect(slack.callsOf("auth.test")).toHaveLength(1);
});

test("a configured token that Slack refuses takes no other workspace away", async () => {
  const { url } = await startServer();
  const { id, botToken } = slack.team(1);
  await install(url, id);
  const config = configOf({ SLACK_BOT_TOKEN: "xoxb-revoked" });
  const { installations } = await openInstallations({ db: database.db, log, config, dataDir, baseUrl: () => url });
  expect(await installations.find(id)).toMatchObject({ botToken });
  await expect(installations.find(slack.team().id)).rejects.toThrow("invalid_auth");
});

test("a token under another key is not mistaken for a damaged one, and hides no other workspace", async () => {
  const { url } = await startServer();
  await install(url, slack.team(1).id);
  const config = configOf({ SLACK_TOKEN_KEY: "another key of at least thirty-two characters" });
  const other = await openInstallations({ db: database.db, log, config, dataDir, baseUrl: () => url });
  await expect(other.installations.find(slack.team(1).id)).rejects.toThrow("SLACK_TOKEN_KEY");
  expect(await other.installations.list()).toEqual([]);
});
