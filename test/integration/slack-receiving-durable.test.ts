import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { script, until } from "../support/slack-app.ts";
import { ALICE, BOB, GENERAL, receivingApp, type ReceivingApp } from "../support/slack-receiving.ts";

const about = async (at: ReceivingApp, ts: string) =>
  (await at.sessions()).filter(({ metadata }) => JSON.stringify(metadata).includes(ts));
const handled = (at: ReceivingApp) =>
  until(
    async () => {
      const rows = await at.app.db.selectFrom("inbox").select("status").where("door", "=", "slack").execute();
      return rows.every(({ status }) => status !== "received" && status !== "handling") ? rows : undefined;
    },
    () => "the inbox is not handled",
  );

test("what Slack did not sign now is refused, and changes nothing", async () => {
  await using at = await receivingApp();
  const { slack } = at;
  const said = { type: "event_callback", event_id: "Ev1", team_id: slack.team().id, event: { type: "app_mention" } };
  const body = JSON.stringify(said);
  const faults = [{ secret: "another" }, { shiftSeconds: -3_600 }, { shiftSeconds: 3_600 }];
  for (const fault of faults) expect((await slack.post("/slack/events", body, fault)).status).toBe(401);
  expect((await at.app.fetch("/slack/events", { method: "POST", body })).status).toBe(401);
  expect((await slack.post("/slack/events", "{")).status).toBe(400);
  expect((await slack.post("/slack/events", '{"a":1}')).status).toBe(400);
  const challenge = await slack.post("/slack/events", JSON.stringify({ type: "url_verification", challenge: "c1" }));
  expect(challenge).toMatchObject({ status: 200, body: '{"challenge":"c1"}' });
  expect(await handled(at)).toEqual([]);
});

test("events that come five times, also across a restart, make one session, one message and one run", async () => {
  await using at = await receivingApp();
  const { slack, bot } = at;
  const said = slack.say({ channel: GENERAL, user: ALICE, text: `${bot} ${script({ text: "once" })}`, copies: 5 });
  await said.delivered;
  await at.restart();
  for (const envelope of said.envelopes) await slack.deliver(envelope, 5);
  const { sessionId } = await at.sessionOf(said.ts);
  await at.app.until(sessionId, ["completed", "failed"]);
  await handled(at);
  expect(await about(at, said.ts)).toHaveLength(1);
  expect(await at.app.messages(sessionId)).toHaveLength(2);
  expect(await at.app.runs(sessionId)).toHaveLength(1);
  expect(said.envelopes).toHaveLength(2);
});

test("what people say to each other in a channel is not even kept, unless its mode is all", async () => {
  await using at = await receivingApp();
  const { slack } = at;
  const passing = slack.say({ channel: GENERAL, user: ALICE, text: `look at ${script({ text: "seen" })}` });
  expect((await passing.delivered).flat().map(({ status }) => status)).toEqual([200]);
  expect(await handled(at)).toEqual([]);
  await slack.command(slack.team(), { user: ALICE, channel: GENERAL, command: "/claude", text: "mode all" });
  const heard = slack.say({ channel: GENERAL, user: ALICE, text: `look at ${script({ text: "seen" })}` });
  await at.sessionOf(heard.ts);
  expect(await about(at, passing.ts)).toEqual([]);
});

test("files come into the workspace, and one that is too large is named to its sender and to Claude", async () => {
  await using at = await receivingApp();
  const { slack, bot, app } = at;
  const said = slack.say({
    channel: GENERAL,
    user: ALICE,
    text: `${bot} ${script({ bash: "cat .attachments/*/notes.txt" }, { text: "read" })}`,
    files: [
      { name: "notes.txt", content: Buffer.from("the secret word is plum"), mimetype: "text/plain" },
      { name: "film.mov", content: Buffer.from("x"), size: 500 * 1024 ** 2 },
      { name: "shared.txt", content: Buffer.from("asked for"), checkInfo: true },
    ],
  });
  const verdicts = slack.shown(await at.told(GENERAL, said.ts, /film\.mov/));
  expect(verdicts).toMatch(/notes\.txt: taken.*film\.mov: not taken, larger than 20 MiB.*shared\.txt: taken/s);
  const { sessionId } = await at.sessionOf(said.ts);
  await app.until(sessionId, ["completed", "failed"]);
  const [asked] = await app.messages(sessionId);
  expect(asked?.content).toContain("film.mov: not taken");
  expect(asked?.files?.map(({ name }) => name)).toEqual(["notes.txt", "shared.txt"]);
  expect(JSON.stringify((await app.logs(sessionId)).map(({ result }) => result))).toContain("plum");
});

test("by Socket Mode the same happens, over lost acknowledgements, refreshed and cut connections", async () => {
  await using at = await receivingApp({ transport: "socket" });
  const { slack, bot } = at;
  const connected = (times: number) =>
    until(
      () => (slack.socket.connections > 0 && slack.socket.opened >= times ? true : undefined),
      () => `not connected ${times} times`,
    );
  await connected(1);
  slack.socket.loseAcks(1);
  const first = slack.say({ channel: GENERAL, user: ALICE, text: `${bot} ${script({ text: "first" })}` });
  await at.sessionOf(first.ts);
  slack.socket.disconnect("refresh");
  await connected(2);
  slack.socket.disconnect("cut");
  await connected(3);
  const second = slack.say({ channel: GENERAL, user: BOB, text: `${bot} ${script({ text: "second" })}` });
  await at.sessionOf(second.ts);
  const help = await slack.command(slack.team(), { user: BOB, channel: GENERAL, command: "/claude", text: "help" });
  expect(help.body).toContain("verbosity");
  await first.delivered;
  await handled(at);
  expect([await about(at, first.ts), await about(at, second.ts)].map(({ length }) => length)).toEqual([1, 1]);
});

test("an app token that Slack refuses ends neither the process nor what else it does", async () => {
  const environment = { SLACK_APP_TOKEN: "xapp-1-revoked" };
  await using at = await receivingApp({ transport: "socket", environment });
  const { slack, app } = at;
  await until(
    () => slack.callsOf("apps.connections.open").find(({ answer }) => answer?.["ok"] === false),
    () => "nobody tried",
  );
  await sleep(200); // An unhandled rejection would be heard of within this, and fail the test.
  expect(slack.callsOf("apps.connections.open")).toHaveLength(1);
  expect((await app.fetch("/api/sessions")).status).toBe(200);
});
