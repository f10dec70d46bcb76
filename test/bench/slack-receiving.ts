import { cpus } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { startFakeSlack } from "../support/fake-slack/fake-slack.ts";
import { makeRepository } from "../support/git.ts";
import { loadNow, openBenchPlace } from "./bench-server.ts";
import { percentile } from "./percentile.ts";

/**
 * How fast Slack's events are accepted, and how soon a mention has its 👀: node test/bench/slack-receiving.ts
 *   --seconds 5    of each window of events
 *   --mentions 40  one every half second, each with a run that begins or waits
 */
const { values } = parseArgs({
  options: { seconds: { type: "string", default: "5" }, mentions: { type: "string", default: "40" } },
});
const CONNECTIONS = [1, 8, 32];
const PATIENCE_MS = 30_000;

await using place = await openBenchPlace();
const repository = await makeRepository(join(place.folder, "repository"));
await using slack = await startFakeSlack({ messageIntervalMs: 0 });
const team = slack.team();
await using server = await place.start({
  SLACK_API_URL: slack.apiUrl,
  SLACK_BOT_TOKEN: team.botToken,
  SLACK_SIGNING_SECRET: slack.signingSecret,
  SLACK_CHANNEL_REPOS: `#general=${repository}`,
  MAX_CONCURRENT_RUNS: "1",
  LOG_LEVEL: "error",
});
slack.connect(server.url);

let next = 0;
/** A post that nobody asked us, each in a thread of its own. */
function chatter(): string {
  next += 1;
  const ts = `1700000000.${String(next).padStart(6, "0")}`;
  const event = { type: "message", channel: "CREPO1", channel_type: "channel", user: "UALICE1", ts, text: "a word" };
  const authorizations = [{ team_id: team.id, user_id: team.botUserId, is_bot: true }];
  return JSON.stringify({
    type: "event_callback",
    event_id: `EvBench${next}`,
    team_id: team.id,
    authorizations,
    event,
  });
}

async function accept(connections: number, ms: number) {
  const times: number[] = [];
  let failed = 0;
  const end = performance.now() + ms;
  async function one(): Promise<void> {
    while (performance.now() < end) {
      const began = performance.now();
      const { status } = await slack.post("/slack/events", chatter());
      if (status === 200) times.push(performance.now() - began);
      else failed += 1;
    }
  }
  await Promise.all(Array.from({ length: connections }, one));
  return { times, failed };
}

async function eyesAfter(text: string): Promise<number> {
  const began = Date.now();
  const { ts } = slack.say({ channel: "CGENERAL1", user: "UALICE1", text });
  while (Date.now() - began < PATIENCE_MS) {
    const call = slack.callsOf("reactions.add").find(({ args }) => args["timestamp"] === ts);
    if (call) return call.at - began;
    await sleep(5);
  }
  throw new Error("a mention was not acknowledged");
}

console.log(`${cpus().length} cores, Node ${process.version}, before: ${loadNow()}`);
await accept(4, 1_000);
const ms = Number(values.seconds) * 1_000;
console.log("| connections | events/s | p50 / p95 / p99 ms | failed |\n|-|-|-|-|");
for (const connections of CONNECTIONS) {
  const { times, failed } = await accept(connections, ms);
  const shares = [0.5, 0.95, 0.99].map((share) => percentile(times, share).toFixed(1)).join(" / ");
  console.log(`| ${connections} | ${Math.round((times.length * 1_000) / ms)} | ${shares} | ${failed} |`);
}
const waits: number[] = [];
for (let mention = 0; mention < Number(values.mentions); mention++) {
  waits.push(await eyesAfter(`<@${team.botUserId}> MOCK[{"text":"done"}]`));
  await sleep(500);
}
const shares = [0.5, 0.95, 1].map((share) => percentile(waits, share).toFixed(0)).join(" / ");
console.log(`mention to 👀, n = ${waits.length}: p50 / p95 / max ${shares} ms; after: ${loadNow()}`);
