import { hostname } from "node:os";
import { expect, test } from "vitest";
import { readConfig } from "../../../src/config.ts";
import { connectUrl, hasSocketPath, isUnencrypted, pendingUrl, shownUrl } from "../../../src/orchestrator/hub-url.ts";

const CLIENT = {
  ORCHESTRATOR_MODE: "client",
  ORCHESTRATOR_URL: "wss://hub.example.com/ws/connect",
  ORCHESTRATOR_TOKEN: "ao_1_2",
};
const read = (env: Record<string, string>, options: Record<string, string> = {}) =>
  readConfig(env, options).orchestrator;

test("without a mode this server is no machine of a hub, whatever else is set", () => {
  expect(read({ ...CLIENT, ORCHESTRATOR_MODE: "" })).toBeUndefined();
  expect(read({ ...CLIENT, ORCHESTRATOR_MODE: "standalone" })).toBeUndefined();
});

test("the defaults are those that existing clients have", () => {
  expect(read(CLIENT)).toEqual({
    url: CLIENT.ORCHESTRATOR_URL,
    token: "ao_1_2",
    clientId: `${hostname()}-${process.pid}`,
    reconnectMs: 5000,
    heartbeatMs: 30_000,
    callbackUrl: undefined,
    rules: { users: [], teams: [], orgs: [] },
    claim: { users: [], teams: [], orgs: [] },
    githubApiUrl: "https://api.github.com",
    authDebug: false,
  });
});

test("who may come in may also claim, unless it is said otherwise", () => {
  const rules = {
    ORCHESTRATOR_GITHUB_USERS: "Octocat, hubot",
    ORCHESTRATOR_GITHUB_TEAM: "core",
    ORCHESTRATOR_GITHUB_ORG: "org",
  };
  const expected = { users: ["octocat", "hubot"], teams: ["org/core"], orgs: ["org"] };
  expect(read({ ...CLIENT, ...rules, ORCHESTRATOR_TOKEN: "" })).toMatchObject({
    token: undefined,
    rules: expected,
    claim: expected,
  });
  expect(read({ ...CLIENT, ...rules, ORCHESTRATOR_CLAIM_USERS: "me" })?.claim).toEqual({
    users: ["me"],
    teams: [],
    orgs: [],
  });
});

test("the token of the command line wins", () => {
  expect(read(CLIENT, { ORCHESTRATOR_TOKEN: "ao_3_4" })?.token).toBe("ao_3_4");
});

test.each<[string, Record<string, string>, RegExp]>([
  ["no address", { ORCHESTRATOR_URL: "" }, /ORCHESTRATOR_URL/],
  ["an address that is no WebSocket's", { ORCHESTRATOR_URL: "https://hub.example.com" }, /ws:\/\/ or wss:\/\//],
  ["neither a token nor somebody who may claim it", { ORCHESTRATOR_TOKEN: "" }, /ORCHESTRATOR_TOKEN/],
  ["a team of no organisation", { ORCHESTRATOR_GITHUB_TEAM: "core" }, /org\/team-slug/],
  ["an id that could break out of a page", { ORCHESTRATOR_CLIENT_ID: "a'><script>" }, /ORCHESTRATOR_CLIENT_ID/],
  ["a mode that is none", { ORCHESTRATOR_MODE: "cleint" }, /ORCHESTRATOR_MODE/],
])("%s is refused at the start", (_what, values, words) => {
  expect(() => read({ ...CLIENT, ...values })).toThrow(words);
});

test("a token can be read on the way by ws, but on one's own computer", () => {
  const readable = ["ws://hub.example.com/ws/connect", "ws://127.evil.example/ws/connect", "ws://localhost.example/"];
  const safe = [
    "wss://hub.example.com/",
    "ws://localhost:3100/",
    "ws://127.0.0.1/",
    "ws://[::1]:3100/",
    "ws://m1.localhost/",
  ];
  expect([...readable, ...safe].filter(isUnencrypted)).toEqual(readable);
  expect(
    ["ws://hub/ws/connect", "ws://hub/a/ws/connect/", "ws://hub/", "ws://hub/ws/connected"].map(hasSocketPath),
  ).toEqual([true, true, false, false]);
});

test("addresses carry what a hub reads from them, and are shown without it", () => {
  const url = connectUrl("wss://hub/ws/connect?x=1", { token: "ao_1_2", clientId: "a b&c" });
  expect(url).toBe("wss://hub/ws/connect?x=1&token=ao_1_2&client_id=a+b%26c");
  expect(shownUrl(url)).toBe("wss://hub/ws/connect");
  expect(pendingUrl("wss://hub/ws/connect", { users: ["a", "b"], teams: ["o/t"], orgs: [] })).toBe(
    "wss://hub/ws/pending?user=a%2Cb&team=o%2Ft",
  );
});
