import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { Session } from "../../src/contract/session.ts";
import { startFakeSlack } from "../support/fake-slack/fake-slack.ts";
import { makeRemote } from "../support/git.ts";
import { apiOf, openServerPlace, script } from "../support/server-process.ts";
import { slackApp, until } from "../support/slack-app.ts";

const TEST_MS = 180_000;
const CHANNEL = "CREPO1";
const BOT = "<@UORCHBOT1>";

test(
  "each event delivered five times, and five times more after a restart, is one run and one answer",
  async () => {
    await using house = await slackApp();
    const { slack, app } = house;
    const text = `${BOT} once, please ${script({ bash: "echo x >> count.txt; sleep 3" }, { text: "Done once." })}`;
    const said = slack.say({ channel: CHANNEL, user: "UALICE1", text, copies: 5 });
    expect(said.envelopes).toHaveLength(2);
    expect((await said.delivered).flat().map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200));
    await house.restart();
    await Promise.all(said.envelopes.map((envelope) => slack.deliver(envelope, 5)));
    await house.untilShown(CHANNEL, said.ts, /Done once\.[^]*\[Open in dashboard\]/);
    await Promise.all(said.envelopes.map((envelope) => slack.deliver(envelope, 5)));
    await slack.settled();

    const sessions = await house.sessions();
    expect(sessions).toHaveLength(1);
    const [{ sessionId } = { sessionId: "" }] = sessions;
    await app.until(sessionId, ["completed"]);
    expect(await app.runs(sessionId)).toHaveLength(1);
    expect((await app.messages(sessionId)).map(({ direction }) => direction)).toEqual(["inbound", "outbound"]);
    expect(house.answers(CHANNEL, said.ts)).toHaveLength(1);
    expect(slack.faults).toEqual([]);
  },
  TEST_MS,
);

test(
  "killed in the middle of a stream, the server finishes the same message after its restart",
  async () => {
    await using slack = await startFakeSlack();
    await using place = await openServerPlace();
    const remote = await makeRemote(join(place.folder, "project.git"));
    const values = {
      SLACK_API_URL: slack.apiUrl,
      SLACK_BOT_TOKEN: slack.team().botToken,
      SLACK_SIGNING_SECRET: slack.signingSecret,
      SLACK_CHANNEL_REPOS: `${CHANNEL}=${remote}`,
    };
    const first = await place.start(values);
    slack.connect(first.url);
    const steps = script(
      { text: "I begin.", bash: "sleep 2" },
      { text: `Word by word ${"and on ".repeat(40)}to the end.`, paceMs: 250 },
    );
    const said = slack.say({ channel: CHANNEL, user: "UALICE1", text: `${BOT} ${steps}` });
    const replies = () => slack.messages(CHANNEL, said.ts).filter(({ botId }) => botId !== undefined);
    const shows = (text: RegExp) =>
      until(
        () => replies().find((one) => text.test(slack.shown(one))),
        () => `${text} is not in ${JSON.stringify(replies().map(slack.shown))}`,
      );
    const live = await shows(/Word by word/);
    expect(live.stream).toBe("open");
    first.signal("SIGKILL");
    await first.exited();
    slack.connect(undefined);

    await using second = await place.start(values);
    slack.connect(second.url);
    await shows(/to the end\.[^]*\[Open in dashboard\]/);
    expect(replies()).toEqual([live]);
    expect(live.stream).toBe("stopped");
    const api = apiOf(second);
    const { items } = await api.request(z.object({ items: z.array(Session) }), "/api/sessions");
    expect(items).toHaveLength(1);
    await api.until(items[0]?.sessionId ?? "", ["completed"]);
    expect(await api.runs(items[0]?.sessionId ?? "")).toHaveLength(1);
    expect(slack.faults).toEqual([]);
  },
  TEST_MS,
);
