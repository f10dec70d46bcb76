import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { GithubRules } from "../../../src/config-orchestrator.ts";
import { createGithubMembership } from "../../../src/orchestrator/github-membership.ts";
import { createHubGate, type Credentials } from "../../../src/orchestrator/hub-gate.ts";
import { CLIENT_ID, NO_RULES, signer } from "../../support/tunnel-server.ts";

/** A GitHub that knows two people, one of them in a team and an organisation. */
const asked: string[] = [];
const PEOPLE: Readonly<Record<string, { id: number; login: string }>> = {
  "Bearer gho_octocat": { id: 42, login: "Octocat" },
  "Bearer gho_mallory": { id: 666, login: "mallory" },
};
let isDown = false;
const github = createServer((req, res) => {
  asked.push(req.url ?? "");
  const person = PEOPLE[req.headers.authorization ?? ""];
  const answer = (status: number, body: object) =>
    void res.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  if (isDown) return answer(502, {});
  if (!person) return answer(401, { message: "Bad credentials" });
  if (req.url === "/user") return answer(200, person);
  const isMember =
    person.login === "Octocat" &&
    (req.url === "/orgs/org/teams/core/memberships/Octocat" || req.url === "/user/memberships/orgs/org");
  answer(isMember ? 200 : 404, isMember ? { state: "active" } : { message: "Not Found" });
});
beforeAll(async () => {
  github.listen(0, "127.0.0.1");
  await once(github, "listening");
});
afterAll(() => void github.close());

const hub = signer();
const signed = { clientId: CLIENT_ID, identityKeys: [hub.key] };
const old = { clientId: CLIENT_ID, identityKeys: [] };
const OCTOCAT: [string, string][] = [
  ["X-Orchestrator-User-Id", "42"],
  ["X-Orchestrator-Username", "octocat"],
];

function gateOf(rules: Partial<GithubRules>) {
  const { port } = github.address() as AddressInfo;
  const lines: string[] = [];
  const log = pino({ level: "info" }, { write: (line: string) => lines.push(line) });
  const gate = createHubGate({
    rules: { ...NO_RULES, ...rules },
    github: createGithubMembership(`http://127.0.0.1:${port}`),
    authDebug: true,
    log,
  });
  return { ...gate, lines };
}
const verdict = (asking: Promise<string>): Promise<string> => asking.catch((error: { code: string }) => error.code);

test.each<[string, Partial<GithubRules>, string]>([
  ["without rules everybody the hub vouches for", {}, "octocat"],
  ["a user who is named, whatever the case", { users: ["octocat"] }, "octocat"],
  ["a member of the team, by what the hub signed", { teams: ["org/core"] }, "octocat"],
  ["a member of the organisation, by what the hub signed", { orgs: ["org"] }, "octocat"],
  ["one of several rules is enough", { users: ["hubot"], teams: ["org/other"], orgs: ["org"] }, "octocat"],
  ["nobody else", { users: ["hubot"], teams: ["org/other"], orgs: ["elsewhere"] }, "forbidden"],
])("%s gets in by a signed identity", async (_who, rules, expected) => {
  const identity = await hub.sign({ orgs: ["Org"], teams: ["Org/core"] });
  expect(await verdict(gateOf(rules).admit({ identity }, signed))).toBe(expected);
});

test.each<[string, () => Promise<Credentials>]>([
  ["none", () => Promise.resolve({})],
  ["only headers, which a browser can write", () => Promise.resolve({ headers: OCTOCAT })],
  ["one for another machine", async () => ({ identity: await hub.sign({}, { audience: "other" }) })],
  ["one that is over", async () => ({ identity: await hub.sign({}, { age: 200, seconds: 60 }) })],
  ["one that was made long ago", async () => ({ identity: await hub.sign({}, { age: 3600, seconds: 7200 }) })],
  ["one by another hub's key", async () => ({ identity: await signer().sign() })],
  ["one without a login", async () => ({ identity: await hub.sign({ login: undefined }) })],
  ["one with a login that is none", async () => ({ identity: await hub.sign({ login: "a\nb" }) })],
  ["text", () => Promise.resolve({ identity: "octocat" })],
])("an identity that is %s is refused", async (_what, credentials) => {
  expect(await verdict(gateOf({}).admit(await credentials(), signed))).toBe("unauthorized");
});

test("with the user's GitHub token, GitHub is asked in the order of the rules, and not again for a while", async () => {
  const gate = gateOf({ users: ["hubot"], teams: ["org/other", "org/core"], orgs: ["org"] });
  const identity = await hub.sign();
  asked.length = 0;
  const ask = () => gate.admit({ identity, githubToken: "gho_octocat" }, signed);
  expect(await Promise.all([ask(), ask()])).toEqual(["Octocat", "Octocat"]);
  expect(asked).toEqual([
    "/user",
    "/orgs/org/teams/other/memberships/Octocat",
    "/orgs/org/teams/core/memberships/Octocat",
  ]);
  await ask();
  expect(asked).toHaveLength(3);
  expect(gate.lines.join("")).toContain("team org/core");
  expect(gate.lines.join("")).not.toContain("gho_");
});

test("by the organisation, when only that is left", async () => {
  expect(await verdict(gateOf({ orgs: ["org"] }).admit({ githubToken: "gho_octocat", headers: OCTOCAT }, old))).toBe(
    "Octocat",
  );
});

test.each<[string, Credentials, string]>([
  ["of nobody", { githubToken: "gho_x" }, "unauthorized"],
  ["of somebody who is in no rule", { githubToken: "gho_mallory" }, "forbidden"],
  [
    "of somebody other than the one who asks",
    {
      githubToken: "gho_octocat",
      headers: [
        ["X-Orchestrator-User-Id", "666"],
        ["X-Orchestrator-Username", "mallory"],
      ],
    },
    "forbidden",
  ],
])("a token %s lets nobody in", async (_whose, credentials, expected) => {
  expect(await verdict(gateOf({ orgs: ["org"] }).admit(credentials, old))).toBe(expected);
});

test("an outage of GitHub lets nobody in, and is not remembered", async () => {
  const gate = gateOf({ orgs: ["org"] });
  isDown = true;
  expect(await verdict(gate.admit({ githubToken: "gho_octocat" }, old))).toBe("unavailable");
  isDown = false;
  expect(await verdict(gate.admit({ githubToken: "gho_octocat" }, old))).toBe("Octocat");
});

test.each<[string, Partial<GithubRules>, Credentials, string]>([
  ["its user, by name", { users: ["octocat"] }, { headers: OCTOCAT }, "octocat"],
  ["nobody by a team it says nothing about", { teams: ["org/core"] }, { headers: OCTOCAT }, "forbidden"],
  ["nobody without a name", {}, {}, "unauthorized"],
  ["nobody by half a name", {}, { headers: [["X-Orchestrator-Username", "octocat"]] }, "unauthorized"],
  ["the owner, whose requests have no place for a name", {}, { isOfOwner: true }, "hub"],
  ["no owner where there are rules", { users: ["octocat"] }, { isOfOwner: true }, "unauthorized"],
])("through an older hub comes %s", async (_who, rules, credentials, expected) => {
  expect(await verdict(gateOf(rules).admit(credentials, old))).toBe(expected);
});
