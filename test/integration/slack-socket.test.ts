import { expect, test } from "vitest";
import { script, slackApp, until } from "../support/slack-app.ts";

const TEST_MS = 180_000;
const CHANNEL = "CREPO1";
const BOT = "<@UORCHBOT1>";

test(
  "by Socket Mode nothing is lost or done twice when connections are taken away and acknowledgements get lost",
  async () => {
    await using house = await slackApp({ transport: "socket", retryDelaysMs: [200, 1000, 2000, 4000] });
    const { slack, app } = house;
    const connected = (least: number) =>
      until(
        () => (slack.socket.connections > 0 && slack.socket.opened >= least) || undefined,
        () => `only ${slack.socket.opened} connections`,
      );
    await connected(1);
    const said = slack.say({
      channel: CHANNEL,
      user: "UALICE1",
      text: `${BOT} ${script({ text: "One." })}`,
      copies: 3,
    });
    await house.untilShown(CHANNEL, said.ts, /One\.[^]*\[Open/);

    let opened = slack.socket.opened;
    for (const [how, word] of [
      ["refresh", "Two."],
      ["cut", "Three."],
    ] as const) {
      // prettier-ignore
      slack.socket.disconnect(how);
      const reply = { channel: CHANNEL, user: "UALICE1", threadTs: said.ts };
      slack.say({ ...reply, text: script({ text: word }) });
      await connected(opened + 1);
      opened = slack.socket.opened;
      await house.untilShown(CHANNEL, said.ts, word);
    }

    slack.socket.loseAcks(2);
    const lost = slack.say({ channel: CHANNEL, user: "UALICE1", threadTs: said.ts, text: script({ text: "Four." }) });
    await house.untilShown(CHANNEL, said.ts, "Four.");
    expect((await lost.delivered)[0]?.at(-1)?.status).toBe(200);
    await slack.settled();

    const sessions = await house.sessions();
    expect(sessions).toHaveLength(1);
    const sessionId = sessions[0]?.sessionId ?? "";
    await app.until(sessionId, ["completed"]);
    expect((await app.messages(sessionId)).filter(({ direction }) => direction === "inbound")).toHaveLength(4);
    expect(await app.runs(sessionId)).toHaveLength(4);
    await until(
      () => house.answers(CHANNEL, said.ts).length === 4 || undefined,
      () => JSON.stringify(house.answers(CHANNEL, said.ts).map(slack.shown)),
    );
    expect(slack.faults).toEqual([]);
  },
  TEST_MS,
);

test(
  "buttons and commands work by Socket Mode, too",
  async () => {
    await using house = await slackApp({ transport: "socket" });
    const { slack, app } = house;
    await until(
      () => slack.socket.connections > 0 || undefined,
      () => "no connection",
    );
    const given = { user: "UALICE1", channel: CHANNEL, command: "/claude", text: "help" };
    expect((await slack.command(slack.team(), given)).status).toBe(200);
    expect(slack.messages(CHANNEL).find(({ ephemeralTo }) => ephemeralTo === "UALICE1")?.text).toContain("repo");

    const text = `${BOT} ${script({ text: "I wait.", bash: "sleep 60" }, { text: "Never said." })}`;
    const said = slack.say({ channel: CHANNEL, user: "UALICE1", text });
    const live = await house.untilShown(CHANNEL, said.ts, "[Stop]");
    expect((await slack.click(live, "UBOB1", { name: "Stop" })).status).toBe(200);
    const [session] = await house.sessions();
    await app.until(session?.sessionId ?? "", ["cancelled"]);
    await until(
      () => !slack.shown(live).includes("[Stop]") || undefined,
      () => "the button stays",
    );
    expect(slack.shown(live)).not.toContain("Never said.");
    expect(slack.faults).toEqual([]);
  },
  TEST_MS,
);
