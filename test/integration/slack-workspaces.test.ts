import { expect, test } from "vitest";
import { script, slackApp, until, type SlackApp } from "../support/slack-app.ts";

const TEST_MS = 120_000;

/** Somebody on this machine adds the app to a workspace. */
async function install({ app }: SlackApp, team: string): Promise<number> {
  const ours = await app.fetch("/slack/install", { redirect: "manual" });
  const [cookie = ""] = (ours.headers.getSetCookie()[0] ?? "").split(";");
  const page = new URL(ours.headers.get("location") ?? "");
  page.searchParams.set("team", team);
  const theirs = await fetch(page, { redirect: "manual" });
  return (await fetch(theirs.headers.get("location") ?? "", { headers: { cookie } })).status;
}

test(
  "two workspaces that installed the app are each answered by their own bot, and one that removed it no more",
  async () => {
    await using house = await slackApp({ oauth: true, teams: [{ installed: false }, { installed: false }] });
    const { slack, app } = house;
    const [one, two] = [slack.team(0), slack.team(1)];
    expect([await install(house, one.id), await install(house, two.id)]).toEqual([200, 200]);

    const ask = (team: typeof one, nth: number) =>
      slack.say({
        team,
        channel: `CREPO${nth}`,
        user: `UALICE${nth}`,
        text: `<@${team.botUserId}> ${script({ text: `Hello, workspace ${nth}.` })}`,
      });
    const [first, second] = [ask(one, 1), ask(two, 2)];
    const answers = await Promise.all([
      house.untilShown("CREPO1", first.ts, "Hello, workspace 1."),
      house.untilShown("CREPO2", second.ts, "Hello, workspace 2."),
    ]);
    expect(answers.map(({ user }) => user)).toEqual([one.botUserId, two.botUserId]);
    const tokens = slack.calls.filter(({ answer }) => answer?.["error"] === "channel_not_found");
    expect(tokens, "a token of the other workspace").toEqual([]);
    for (const { sessionId } of await house.sessions()) await app.until(sessionId, ["completed"]);

    slack.uninstall(two);
    await until(
      async () => {
        const rows = await app.db.selectFrom("slackInstallations").select("team").execute();
        return rows.length === 1 || undefined;
      },
      () => "the token is still there",
    );
    ask(two, 2);
    const third = ask(one, 1);
    await house.untilShown("CREPO1", third.ts, "Hello, workspace 1.");
    await slack.settled();
    expect(await house.sessions()).toHaveLength(3);
    expect(slack.faults).toEqual([]);
  },
  TEST_MS,
);
