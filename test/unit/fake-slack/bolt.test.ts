import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { App, ExpressReceiver, SocketModeReceiver } from "@slack/bolt";
import express from "express";
import { expect, test } from "vitest";
import { startFakeSlack, type FakeSlack } from "../../support/fake-slack/fake-slack.ts";

const CHANNEL = "CGENERAL1";

/** What our listeners saw, by real Bolt. */
function listen(app: App): string[] {
  const seen: string[] = [];
  app.event("app_mention", async ({ event, client }) => {
    seen.push(`mention ${event.text}`);
    await client.reactions.add({ channel: event.channel, timestamp: event.ts, name: "eyes" });
  });
  app.message(async ({ message }) => void seen.push(`message ${message.channel_type}`));
  app.action("stop", async ({ ack, respond, body }) => {
    await ack();
    seen.push(`click ${body.user.id}`);
    await respond({ replace_original: true, text: "stopped" });
  });
  app.command("/claude", async ({ ack, command }) => ack(`heard ${command.text}`));
  return seen;
}

async function overHttp(slack: FakeSlack) {
  const host = express();
  const endpoints = { events: "/slack/events", interactions: "/slack/interactions", commands: "/slack/commands" };
  const receiver = new ExpressReceiver({ app: host, signingSecret: slack.signingSecret, endpoints });
  const app = new App({ receiver, token: slack.team().botToken, clientOptions: { slackApiUrl: slack.apiUrl } });
  const seen = listen(app);
  const server = createServer(host);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  slack.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return { seen, [Symbol.asyncDispose]: async () => void server.close() };
}

async function overSocket(slack: FakeSlack) {
  const receiver = new SocketModeReceiver({
    appToken: slack.appToken,
    installerOptions: { clientOptions: { slackApiUrl: slack.apiUrl } },
  });
  const app = new App({ receiver, token: slack.team().botToken, clientOptions: { slackApiUrl: slack.apiUrl } });
  const seen = listen(app);
  await app.start();
  return { seen, [Symbol.asyncDispose]: async () => void (await app.stop()) };
}

async function conversation(slack: FakeSlack, seen: string[]): Promise<void> {
  const said = slack.say({ channel: CHANNEL, user: "UALICE1", text: "<@UORCHBOT1> fix it" });
  expect((await said.delivered).map(([attempt]) => attempt?.status)).toEqual([200, 200]);
  await expect.poll(() => [...said.message.reactions.keys()]).toEqual(["eyes"]);
  expect(seen.toSorted()).toEqual(["mention <@UORCHBOT1> fix it", "message channel"]);

  const team = slack.team();
  const stop = { type: "button", action_id: "stop", text: { type: "plain_text", text: "Stop" } };
  const { botToken } = team;
  const card = await fetch(`${slack.apiUrl}chat.postMessage`, {
    method: "POST",
    headers: { authorization: `Bearer ${botToken}`, "content-type": "application/json" },
    body: JSON.stringify({ channel: CHANNEL, text: "at work", blocks: [{ type: "actions", elements: [stop] }] }),
  });
  const { ts } = (await card.json()) as { ts: string };
  const message = slack.messages(CHANNEL).find((one) => one.ts === ts);
  if (!message) throw new Error("the card was not posted");
  expect((await slack.click(message, "UBOB1", { name: "Stop" })).status).toBe(200);
  await expect.poll(() => slack.shown(message)).toBe("stopped");
  await slack.command(team, { user: "UALICE1", channel: CHANNEL, command: "/claude", text: "help" });
  expect(slack.messages(CHANNEL).find((one) => one.ephemeralTo === "UALICE1")?.text).toBe("heard help");
  await slack.settled();
  expect(slack.faults).toEqual([]);
}

test("real Bolt takes our mentions, clicks and commands over HTTP", async () => {
  await using slack = await startFakeSlack();
  await using app = await overHttp(slack);
  await conversation(slack, app.seen);
  const answers = await slack.say({ channel: CHANNEL, user: "UBOB1", text: "again", copies: 3 }).delivered;
  expect(answers.flat().map(({ status }) => status)).toEqual([200, 200, 200]);
  const wrong = await slack.post("/slack/events", "{}", { secret: "somebody else's" });
  const old = await slack.post("/slack/events", "{}", { shiftSeconds: -600 });
  expect([wrong.status, old.status]).toEqual([401, 401]);
});

test("real Bolt takes the same by Socket Mode, and comes again when it is sent away", async () => {
  await using slack = await startFakeSlack({ transport: "socket" });
  await using app = await overSocket(slack);
  await conversation(slack, app.seen);
  slack.socket.disconnect("refresh");
  await expect.poll(() => slack.socket.opened, { timeout: 20_000 }).toBe(2);
  slack.socket.loseAcks(1);
  const [attempts] = await slack.say({ channel: "DALICE1", user: "UALICE1", text: "hello" }).delivered;
  expect(attempts?.map(({ status }) => status)).toEqual([0, 200]);
}, 40_000);

test("events that nobody takes come again until they are taken", async () => {
  await using slack = await startFakeSlack({ retryDelaysMs: [50, 50, 1500] });
  const said = slack.say({ channel: CHANNEL, user: "UALICE1", text: "anybody there?" });
  await new Promise((resolve) => setTimeout(resolve, 200));
  await using app = await overHttp(slack);
  expect((await said.delivered)[0]?.map(({ status }) => status)).toEqual([0, 0, 0, 200]);
  expect(app.seen).toEqual(["message channel"]);
});

test("an admin's consent brings a code that is worth one token", async () => {
  await using slack = await startFakeSlack({ teams: [{}, { installed: false }] });
  const back = "https://example.com/slack/oauth_redirect";
  const asked = {
    client_id: slack.clientId,
    scope: "chat:write",
    state: "s1",
    redirect_uri: back,
    team: slack.team(1).id,
  };
  const consent = await fetch(`${slack.url}/oauth/v2/authorize?${new URLSearchParams(asked).toString()}`, {
    redirect: "manual",
  });
  const location = new URL(consent.headers.get("location") ?? "");
  expect(location.searchParams.get("state")).toBe("s1");
  const code = location.searchParams.get("code") ?? "";
  const exchange = async () => {
    const body = new URLSearchParams({
      code,
      client_id: slack.clientId,
      client_secret: slack.clientSecret,
      redirect_uri: back,
    });
    return (await fetch(`${slack.apiUrl}oauth.v2.access`, { method: "POST", body })).json();
  };
  expect(await exchange()).toMatchObject({ ok: true, access_token: slack.team(1).botToken, scope: "chat:write" });
  expect(await exchange()).toEqual({ ok: false, error: "invalid_code" });
});
