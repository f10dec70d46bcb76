import { WebClient, type WebClientOptions } from "@slack/web-api";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startFakeSlack, type FakeSlack } from "../../support/fake-slack/fake-slack.ts";

let slack: FakeSlack;
const CHANNEL = "CGENERAL1";

const teams = [{}, { streaming: "feature_not_enabled" }];

beforeEach(async () => void (slack = await startFakeSlack({ teams })));
afterEach(() => slack[Symbol.asyncDispose]());

const client = (nth = 0, options: WebClientOptions = {}) =>
  new WebClient(slack.team(nth).botToken, {
    slackApiUrl: slack.apiUrl,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    ...options,
  });

const errorOf = async (call: Promise<unknown>): Promise<string> => {
  const error = (await call.then(
    () => new Error("no error"),
    (reason: unknown) => reason,
  )) as Error & { data?: { error?: string }; retryAfter?: number };
  return error.data?.error ?? `${error.message} ${error.retryAfter ?? ""}`.trim();
};

test("a token opens its own workspace only, and says with what rights", async () => {
  const { team_id: id, response_metadata: metadata } = await client(1).auth.test();
  expect(id).toBe(slack.team(1).id);
  expect(metadata?.scopes).toContain("chat:write");
  expect(await errorOf(new WebClient("xoxb-nobody", { slackApiUrl: slack.apiUrl }).auth.test())).toBe("invalid_auth");
  expect(await errorOf(client(1).chat.postMessage({ channel: CHANNEL, text: "hi" }))).toBe("channel_not_found");
  expect(slack.faults.splice(0)).toEqual([expect.stringContaining("was used for channel CGENERAL1")]);
});

test("a second message or edit within a second is refused, in that channel only, and coming early is a fault", async () => {
  const bot = client();
  const { ts } = await bot.chat.postMessage({ channel: CHANNEL, text: "one" });
  expect(await errorOf(bot.chat.update({ channel: CHANNEL, ts: ts ?? "", text: "two" }))).toMatch(/rate.limit/i);
  expect(await errorOf(bot.chat.postMessage({ channel: "CREPO1", text: "elsewhere" }))).toBe("no error");
  expect(slack.faults).toEqual([]);
  await expect
    .poll(() => errorOf(bot.chat.update({ channel: CHANNEL, ts: ts ?? "", text: "two" })), { timeout: 4000 })
    .toBe("no error");
  expect(slack.faults.splice(0)).not.toEqual([]);
  expect(slack.messages(CHANNEL).map(slack.shown)).toEqual(["two"]);
});

test("the tier of a method ends its minute", async () => {
  const bot = client();
  const answers = await Promise.all(
    Array.from({ length: 52 }, () => errorOf(bot.conversations.info({ channel: CHANNEL }))),
  );
  expect(answers.filter((answer) => answer === "no error")).toHaveLength(50);
});

const section = (length: number) => ({ type: "section", text: { type: "mrkdwn", text: "x".repeat(length) } });
const button = (length: number) => ({
  type: "actions",
  elements: [{ type: "button", action_id: "a", text: { type: "plain_text", text: "b" }, value: "v".repeat(length) }],
});
const markdown = (length: number) => ({ type: "markdown", text: "m".repeat(length) });

test("blocks that Slack refuses are refused", async () => {
  const bot = client();
  const post = (blocks: object[]) =>
    errorOf(bot.chat.postMessage({ channel: CHANNEL, text: "t", blocks: blocks as never }));
  expect(await post(Array.from({ length: 51 }, () => ({ type: "divider" })))).toBe("invalid_blocks");
  expect(await post([section(3001)])).toBe("invalid_blocks");
  expect(await post([button(2001)])).toBe("invalid_blocks");
  expect(await post([markdown(7000), markdown(5001)])).toBe("invalid_blocks");
  expect(await post([markdown(12_000), section(2900)])).toBe("msg_blocks_too_long");
  expect(await post([{ type: "spiral" }])).toBe("invalid_blocks");
  expect(await post([markdown(11_000), button(2000)])).toBe("no error");
});

test("a stream is started, added to and stopped, and after that refuses more", async () => {
  await slack[Symbol.asyncDispose]();
  slack = await startFakeSlack({ teams, messageIntervalMs: 0 });
  const bot = client();
  const asked = slack.say({ channel: CHANNEL, user: "UALICE1", text: "question" });
  const place = { channel: CHANNEL, thread_ts: asked.ts };
  expect(await errorOf(bot.chat.startStream(place))).toBe("missing_recipient_team_id");
  const streamer = bot.chatStream({
    ...place,
    recipient_team_id: slack.team().id,
    recipient_user_id: "UALICE1",
    buffer_size: 1,
  });
  await streamer.append({ markdown_text: "Hello " });
  const ts = streamer.ts ?? "";
  expect(await errorOf(bot.chat.update({ channel: CHANNEL, ts, text: "no" }))).toBe("streaming_state_conflict");
  await streamer.append({ chunks: [{ type: "task_update", id: "1", title: "Reading", status: "in_progress" }] });
  await streamer.append({ chunks: [{ type: "task_update", id: "1", title: "Read", status: "complete" }] });
  expect(await errorOf(bot.chat.appendStream({ channel: CHANNEL, ts, markdown_text: "x".repeat(12_001) }))).toBe(
    "msg_too_long",
  );
  await streamer.stop({ markdown_text: "world", blocks: [{ type: "divider" }] });
  expect(await errorOf(bot.chat.appendStream({ channel: CHANNEL, ts, markdown_text: "more" }))).toBe(
    "message_not_in_streaming_state",
  );
  expect(slack.messages(CHANNEL, asked.ts).map(slack.shown)).toEqual(["question", "(complete) Read\nHello world\n---"]);
  expect(await errorOf(client(1).chat.startStream({ channel: "DALICE2", thread_ts: "1.1" }))).toBe(
    "feature_not_enabled",
  );
  expect(slack.faults).toEqual([]);
});

test("a file goes up in three steps into its thread, and comes down only for the right token", async () => {
  const bot = client();
  const asked = slack.say({ channel: CHANNEL, user: "UALICE1", text: "send it" });
  const file = Buffer.from("a,b\n1,2\n");
  await bot.filesUploadV2({ channel_id: CHANNEL, thread_ts: asked.ts, filename: "table.csv", file });
  const [, answer] = slack.messages(CHANNEL, asked.ts);
  expect(answer?.files.map(({ name, content }) => [name, content.toString()])).toEqual([
    ["table.csv", file.toString()],
  ]);
  const id = answer?.files[0]?.id ?? "";
  const { file: info } = await bot.files.info({ file: id });
  const get = (token: string) =>
    fetch(info?.url_private_download ?? "", { headers: { authorization: `Bearer ${token}` } });
  expect(await (await get(slack.team().botToken)).text()).toBe(file.toString());
  expect((await get(slack.team(1).botToken)).headers.get("content-type")).toContain("text/html");
  expect(slack.faults.splice(0)).toEqual([expect.stringContaining("wrong token")]);
});

test("mistakes on demand: an error page, a lost answer after the deed, a hang, a 429 with its wait", async () => {
  const bot = client(0, { timeout: 300 });
  slack.fail({ method: "chat.postMessage", kind: "500" });
  expect(await errorOf(bot.chat.postMessage({ channel: CHANNEL, text: "a" }))).not.toBe("no error");
  expect(slack.messages(CHANNEL)).toEqual([]);
  slack.fail({ method: "chat.postMessage", kind: "lost" });
  expect(await errorOf(bot.chat.postMessage({ channel: CHANNEL, text: "b" }))).not.toBe("no error");
  expect(slack.messages(CHANNEL).map(slack.shown)).toEqual(["b"]);
  slack.fail({ kind: "hang" });
  expect(await errorOf(bot.auth.test())).not.toBe("no error");
  slack.fail({ channel: CHANNEL, kind: "ratelimited", retryAfter: 7 });
  expect(await errorOf(bot.chat.postMessage({ channel: CHANNEL, text: "c" }))).toContain("7");
});

test("what pings everybody, or leaves a code fence open, is a fault", async () => {
  const bot = client();
  await bot.chat.postMessage({ channel: CHANNEL, text: "<!channel> look, <@UBOB1>" });
  await bot.chat.postMessage({ channel: "CREPO1", markdown_text: "```js\nlet a;" });
  expect(slack.pings.map(({ who }) => who)).toEqual(["!channel", "@UBOB1"]);
  expect(slack.faults).toEqual([expect.stringContaining("pings <!channel>"), expect.stringContaining("code fence")]);
});

test("a scope that was not granted is missed by name, and a removed app's token is dead", async () => {
  slack.team().scopes.splice(0, 99, "chat:write");
  await expect(client().reactions.add({ channel: CHANNEL, timestamp: "1.1", name: "eyes" })).rejects.toMatchObject({
    data: { error: "missing_scope", needed: "reactions:write", provided: "chat:write" },
  });
  slack.uninstall(slack.team());
  expect(await errorOf(client().auth.test())).toBe("account_inactive");
});

test("a thread is read with metadata, oldest first, page by page", async () => {
  const bot = client();
  const asked = slack.say({ channel: CHANNEL, user: "UALICE1", text: "first" });
  const metadata = { event_type: "orch", event_payload: { delivery: "d1" } };
  await bot.chat.postMessage({ channel: CHANNEL, thread_ts: asked.ts, text: "second", metadata });
  const read = await bot.conversations.replies({
    channel: CHANNEL,
    ts: asked.ts,
    include_all_metadata: true,
    limit: 1,
  });
  expect(read.messages?.map(({ text }) => text)).toEqual(["first"]);
  const cursor = read.response_metadata?.next_cursor ?? "";
  const next = await bot.conversations.replies({ channel: CHANNEL, ts: asked.ts, include_all_metadata: true, cursor });
  expect(next.messages?.map(({ text, metadata: m }) => [text, m])).toEqual([["second", metadata]]);
});
