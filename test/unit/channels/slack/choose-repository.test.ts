import { expect, test } from "vitest";
import { chooseRepository, type RepositoryRules } from "../../../../src/channels/slack/choose-repository.ts";

const rules: RepositoryRules = {
  channelRepositories: [
    { channel: "#web", repository: "acme/web" },
    { channel: "C2", repository: "acme/api" },
  ],
  keywords: [
    { word: "billing", repository: "acme/billing" },
    { word: "invoice", repository: "acme/billing" },
    { word: "login", repository: "acme/web" },
  ],
  repositories: [],
};
const none: RepositoryRules = { channelRepositories: [], keywords: [], repositories: [] };
const choose = (text: string, { id = "C9", name = "random", linked = null as string | null, by = rules } = {}) =>
  chooseRepository(by, { text, channel: { id, name }, linked });
const chosen = (repository: string) => ({ is: "chosen", repository });

test("the most explicit word decides: the message, the channel's link, the configuration, a keyword", () => {
  const there = { name: "web", linked: "acme/linked" };
  expect(choose("billing, repo:other/thing.", there)).toMatchObject(chosen("other/thing"));
  expect(choose("in acme/api the billing fails", there)).toMatchObject(chosen("acme/api"));
  expect(choose("see https://github.com/acme/billing/issues/3", there)).toMatchObject(chosen("acme/billing"));
  expect(choose("billing", there)).toMatchObject(chosen("acme/linked"));
  expect(choose("billing", { name: "web" })).toMatchObject(chosen("acme/web"));
  expect(choose("hello", { id: "C2", name: "x" })).toMatchObject(chosen("acme/api"));
  expect(choose("the invoice of billing")).toMatchObject(chosen("acme/billing"));
});

test("a path or a longer word is no name, and two that are meant alike are asked for", () => {
  expect(choose("src/acme/web/x and billings").is).toBe("ask");
  expect(choose("billing or login").is).toBe("ask");
  expect(choose("acme/web or acme/api").is).toBe("ask");
});

test("the only repository there is needs no word; without any it has to be written", () => {
  expect(choose("hello", { by: { ...none, repositories: ["acme/one"] } })).toMatchObject(chosen("acme/one"));
  expect(choose("hello", { by: none })).toEqual({ is: "ask", options: [] });
  expect(choose("see https://github.com/a/b/pull/1", { by: none })).toEqual({ is: "ask", options: ["a/b"] });
});

test("with a list of repositories nothing else can be asked for", () => {
  const by = { ...rules, repositories: ["acme/tools"] };
  expect(choose("repo:evil/thing", { by })).toEqual({ is: "not_allowed", repository: "evil/thing" });
  expect(choose("repo:acme/web", { by })).toMatchObject(chosen("acme/web"));
});

test("folders of the server and what listens on it may be asked for only when the configuration names them", () => {
  const local = ["/home/me/secret", "file:///home/me", "~/x", "../x", "http://localhost:8080/x.git", "http://127.0.0.1/a/b", "https://[::1]/x", "ssh://git@localhost/x", "git@127.0.0.1:x/y.git", "http://git.localhost./x"]; // prettier-ignore
  for (const repository of local) {
    expect(choose(`repo:${repository}`, { by: none })).toEqual({ is: "not_allowed", repository });
    const named = { ...none, channelRepositories: [{ channel: "#x", repository }] };
    expect(choose(`repo:${repository}`, { by: named })).toMatchObject(chosen(repository));
  }
  for (const repository of [
    "acme/web",
    "https://git.example.com/a/b.git",
    "git@github.com:a/b.git",
    "ssh://git@host/x",
  ])
    expect(choose(`repo:${repository}`, { by: none })).toMatchObject(chosen(repository));
});
