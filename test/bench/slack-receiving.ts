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
const PATIENCE_MS = 60_000;

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
});
slack.connect(server.url);

let next = 0;
/** A reply in somebody else's thread, which has to be kept until it is known whose thread it is; or a post of a channel. */
function chatter(kind: "reply" | "post"): string {
  next += 1;
  const ts = `1700000000.${String(next).padStart(6, "0")}`;
  const event = { type: "message", channel: "CREPO1", channel_type: "channel", user: "UALICE1", ts, text: "a word" };
  const said = kind === "reply" ? { ...event, thread_ts: ts } : event;
  const authorizations = [{ team_id: team.id, user_id: team.botUserId, is_bot: true }];
  const about = { type: "event_callback", event_id: `EvBench${next}`, team_id: team.id, authorizations };
  return JSON.stringify({ ...about, event: said });
}

async function accept(kind: "reply" | "post", connections: number, ms: number) {
  const times: number[] = [];
  let failed = 0;
  const end = performance.now() + ms;
  async function one(): Promise<void> {
    while (performance.now() < end) {
      const began = performance.now();
      const { status } = await slack.post("/slack/events", chatter(kind));
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
await accept("reply", 4, 1_000);
const ms = Number(values.seconds) * 1_000;
console.log("| event | connections | events/s | p50 / p95 / p99 ms | failed |\n|-|-|-|-|-|");
for (const kind of ["reply", "post"] as const)
  for (const connections of CONNECTIONS) {
    const { times, failed } = await accept(kind, connections, ms);
    const shares = [0.5, 0.95, 0.99].map((share) => percentile(times, share).toFixed(1)).join(" / ");
    console.log(`| ${kind} | ${connections} | ${Math.round((times.length * 1_000) / ms)} | ${shares} | ${failed} |`);
  }
// What the windows left in the inbox is handled first.
console.log(`a mention behind all of that: ${await eyesAfter(`<@${team.botUserId}> MOCK[{"text":"done"}]`)} ms`);
const waits: number[] = [];
for (let mention = 0; mention < Number(values.mentions); mention++) {
  waits.push(await eyesAfter(`<@${team.botUserId}> MOCK[{"text":"done"}]`));
  await sleep(500);
}
const shares = [0.5, 0.95, 1].map((share) => percentile(waits, share).toFixed(0)).join(" / ");
console.log(`mention to 👀, n = ${waits.length}: p50 / p95 / max ${shares} ms; after: ${loadNow()}`);
