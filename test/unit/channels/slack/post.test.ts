import { expect, test } from "vitest";
import { readPost } from "../../../../src/channels/slack/post.ts";
import { isForUs, type Surroundings } from "../../../../src/channels/slack/route-post.ts";

const who = { team: "T1", botUserId: "UBOT" };
const event = { type: "message", channel: "C1", ts: "1.000100", user: "U1", text: "hello" };
const read = (change: object) => readPost({ ...event, ...change }, who);
const places: Record<string, Surroundings> = {
  channel: { mode: "thread", isOurThread: false, isMuted: false },
  ours: { mode: "thread", isOurThread: true, isMuted: false },
  muted: { mode: "thread", isOurThread: true, isMuted: true },
  quiet: { mode: "mention", isOurThread: true, isMuted: false },
  all: { mode: "all", isOurThread: false, isMuted: false },
};
const heardIn = (change: object) => {
  const post = read(change);
  return Object.keys(places).filter((name) => post && places[name] && isForUs(post, places[name]));
};
/** Replies can only stand in threads, posts of the channel never do. */
const reply = { thread_ts: "1.000000" };

test("only what a person posts is a post", () => {
  expect(read({})).toMatchObject({ team: "T1", channel: "C1", ts: "1.000100", threadTs: null, user: "U1" });
  const noPosts = [
    { bot_id: "B1" },
    { user: "UBOT" },
    { user: "USLACKBOT" },
    { user: undefined },
    { subtype: "message_changed" },
    { subtype: "channel_join" },
    { subtype: "bot_message" },
    { ts: "soon" },
    { type: "reaction_added" },
  ];
  expect(noPosts.map(read)).toEqual(noPosts.map(() => undefined));
  expect(read({ subtype: "file_share", files: [{ id: "F1" }] })?.files).toEqual([{ id: "F1" }]);
});

test("a channel is heard by mention, a thread of ours without, a direct message always", () => {
  expect(heardIn({})).toContain("all");
  expect(heardIn({})).not.toContain("channel");
  expect(heardIn(reply)).toEqual(["ours"]);
  expect(heardIn({ text: "please <@UBOT>" })).toEqual(Object.keys(places));
  expect(heardIn({ channel: "D1", channel_type: "im" })).toEqual(Object.keys(places));
});

test("what begins with a mention of somebody else is for them, unless we are mentioned too", () => {
  expect(heardIn({ text: "<@U2> look", thread_ts: "1.000000" })).toEqual([]);
  expect(heardIn({ text: "<@U2> look", channel: "D1" })).toEqual([]);
  expect(heardIn({ text: "<@U2|bob> and <@UBOT>, look" })).toEqual(Object.keys(places));
  expect(read({ text: "<@UBOT> look" })?.isToSomebodyElse).toBe(false);
});

test("forwarded messages come along, link previews do not", () => {
  const attachments = [
    { is_share: true, author_name: "Bob", text: "broken" },
    { from_url: "https://x", text: "preview" },
  ];
  expect(read({ attachments })?.forwarded).toEqual([{ author: "Bob", text: "broken" }]);
});
