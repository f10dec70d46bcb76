import assert from "node:assert/strict";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { script, slackApp, until, type SlackApp } from "../support/slack-app.ts";

const TEST_MS = 120_000;
const BOT = "<@UORCHBOT1>";
const ALICE = "UALICE1";

let house: SlackApp;
beforeAll(async () => void (house = await slackApp({ environment: { MAX_CONCURRENT_RUNS: "4" } })), TEST_MS);
afterAll(() => house[Symbol.asyncDispose]());
afterEach(() => assert.deepEqual(house.slack.faults.splice(0), []));

const gone = (name: string, reactions: Map<string, Set<string>>) => (reactions.has(name) ? undefined : true);

test(
  "a mention is acknowledged within a second, shown live, and answered once",
  async () => {
    const { slack, app } = house;
    const [channel, began] = ["CREPO1", Date.now()];
    const steps = script(
      { text: "I look around.", bash: "echo hello; sleep 4" },
      { text: `Let me **think** about it, word by word, ${"and on ".repeat(40)}and so: 42.`, paceMs: 250 },
    );
    const said = slack.say({ channel, user: ALICE, text: `${BOT} what is it? ${steps}` });
    await until(
      () => said.message.reactions.get("eyes")?.has("UORCHBOT1") || undefined,
      () => "nobody reacted",
    );
    expect(Date.now() - began).toBeLessThan(1000);

    const live = await house.untilShown(channel, said.ts, "I look around.");
    expect(live.stream).toBe("open");
    await house.untilShown(channel, said.ts, /think[^]*word by word/);
    expect(live.stream, "it is shown while it is said").toBe("open");
    await house.untilShown(channel, said.ts, /and so: 42\.[^]*\[Open in dashboard\]/);
    const answers = house.answers(channel, said.ts);
    expect(answers).toEqual([live]);
    expect(live.stream).toBe("stopped");
    expect(live.history.length, "it grew").toBeGreaterThan(3);
    expect(slack.shown(live).split("and so: 42.").length, "said once").toBe(2);
    await until(
      () => gone("eyes", said.message.reactions),
      () => "the reaction stays",
    );
    const [session] = await house.sessions();
    expect(await app.runs(session?.sessionId ?? "")).toHaveLength(1);
  },
  TEST_MS,
);

test(
  "files go into the workspace with a verdict for each, and come back out of it",
  async () => {
    const { slack } = house;
    const channel = "CGENERAL1";
    const steps = script(
      { bash: "cat .attachments/*/numbers.csv > copy.csv && echo 3,4 >> copy.csv && ls .attachments/*" },
      { text: "I added a line.\n\nATTACH: copy.csv\nATTACH: ../../etc/passwd" },
    );
    const files = [
      { name: "numbers.csv", content: Buffer.from("a,b\n1,2\n") },
      { name: "film.mp4", content: Buffer.from("x"), size: 900 * 1024 ** 2 },
    ];
    const said = slack.say({ channel, user: ALICE, text: `${BOT} add a line ${steps}`, files });
    const answer = await house.untilShown(channel, said.ts, "I added a line.");
    const sent = await until(
      () => house.answers(channel, said.ts).find(({ files: carried }) => carried.length > 0),
      () => `no file in ${JSON.stringify(house.answers(channel, said.ts).map(slack.shown))}`,
    );
    expect(sent.files.map(({ name, content }) => [name, content.toString()])).toEqual([
      ["copy.csv", "a,b\n1,2\n3,4\n"],
    ]);
    expect(slack.shown(answer)).not.toContain("ATTACH");
    await house.untilShown(channel, said.ts, /film\.mp4/);
    const everything = house.answers(channel, said.ts).map(slack.shown).join("\n");
    expect(everything).not.toContain("root:");
    const downloads = slack.callsOf("download");
    expect(downloads.map(({ args }) => args["right"])).toEqual([true]);
  },
  TEST_MS,
);

test(
  "a channel that Slack slows down delays no other",
  async () => {
    const { slack } = house;
    const [slow, other] = ["GSECRET1", "CREPO1"];
    slack.fail({ channel: slow, method: "chat.startStream", kind: "ratelimited", retryAfter: 12 });
    const first = slack.say({ channel: slow, user: ALICE, text: `${BOT} ${script({ text: "From the slow one." })}` });
    const refused = await until(
      () => slack.calls.find(({ status, args }) => status === 429 && args["channel"] === slow),
      () => "nothing was refused",
    );
    const second = slack.say({ channel: other, user: ALICE, text: `${BOT} ${script({ text: "From the other." })}` });
    await house.untilShown(other, second.ts, "From the other.");
    expect(Date.now() - refused.at).toBeLessThan(12_000);
    await house.untilShown(slow, first.ts, "From the slow one.");
    const early = slack.calls
      .filter(({ args, at }) => args["channel"] === slow && at > refused.at && at < refused.at + 11_900)
      .filter(({ method }) => method.startsWith("chat."));
    expect(early.map(({ method }) => method)).toEqual([]);
  },
  TEST_MS,
);

test(
  "a text that would ping everybody, or leave a fence open, does neither",
  async () => {
    const { slack } = house;
    const channel = "CSHARED1";
    const hostile = "Ping <!channel> <!here> @channel <@UBOB1> <!subteam^S1|all>:\n\n```js\nlet open = 1;";
    const said = slack.say({ channel, user: ALICE, text: `${BOT} say it ${script({ text: hostile })}` });
    await house.untilShown(channel, said.ts, /let open = 1;[^]*\[Open in dashboard\]/);
    expect(slack.pings.filter((ping) => ping.channel === channel)).toEqual([]);
  },
  TEST_MS,
);
