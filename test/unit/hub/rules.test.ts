import { describe, expect, test } from "vitest";
import { hubConfig, checkHubConfig } from "../../../src/config-hub.ts";
import { createAttempts } from "../../../src/hub/attempts.ts";
import { createFramePace } from "../../../src/hub/frame-pace.ts";
import { mayEnter } from "../../../src/hub/github-membership.ts";
import { createHubNames } from "../../../src/hub/hub-names.ts";
import { createHubSecrets } from "../../../src/hub/hub-secrets.ts";
import { issueToken, parseToken, sameHash } from "../../../src/hub/machine-token.ts";
import { ownPath } from "../../../src/hub/sign-in-service.ts";

const SECRET = "a-secret-of-at-least-thirty-two-letters";
const MACHINE = "m0123456789abcde";

test("a token says its id and its secret, and only the hash of that opens", () => {
  const token = issueToken();
  expect(token.text).toMatch(/^ao_[0-9a-f]{16}_[0-9a-f]{64}$/);
  const parsed = parseToken(token.text);
  expect(parsed?.id).toBe(token.id);
  expect(sameHash(parsed?.secretHash ?? Buffer.alloc(0), token.secretHash)).toBe(true);
  expect(sameHash(parseToken(issueToken(token.id).text)?.secretHash ?? Buffer.alloc(0), token.secretHash)).toBe(false);
  expect(sameHash(token.secretHash, null)).toBe(false);
  for (const text of ["", "ao__", "ao_0123456789abcdef", `xx_${"0".repeat(16)}_a`, `ao_${"0".repeat(16)}_a b`])
    expect(parseToken(text)).toBeUndefined();
});

test("only a name right below the hub's host is a machine's", () => {
  const names = createHubNames("https://hub.example.com:8443");
  expect(names.machineOf(`${MACHINE}.hub.example.com:8443`)).toBe(MACHINE);
  expect(names.machineOf(`${MACHINE.toUpperCase()}.HUB.example.com.`)).toBe(MACHINE);
  for (const host of [
    "hub.example.com",
    `${MACHINE}.example.com`,
    `x.${MACHINE}.hub.example.com`,
    `${MACHINE}.hub.example.com.evil.org`,
    "www.hub.example.com",
    undefined,
  ])
    expect(names.machineOf(host)).toBeUndefined();
  expect(names.originOf(MACHINE)).toBe(`https://${MACHINE}.hub.example.com:8443`);
});

test("what was sealed by one secret opens by that alone", () => {
  const [one, other] = [createHubSecrets(SECRET), createHubSecrets(`${SECRET}!`)];
  const sealed = one.seal("gho_token");
  expect(createHubSecrets(SECRET).open(sealed)).toBe("gho_token");
  expect([other.open(sealed), one.open(Buffer.concat([sealed, Buffer.from("x")])), one.open(Buffer.alloc(3))]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  expect(createHubSecrets(SECRET).identityKey).toEqual(one.identityKey);
  expect(other.identityKey.x).not.toBe(one.identityKey.x);
});

test("a way back leads to a path of ours, wherever it was to lead", () => {
  expect(ownPath("/clients?x=1")).toBe("/clients?x=1");
  for (const to of ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", "evil", ""])
    expect(ownPath(to)).toBe("/dashboard");
  // A browser takes what begins with two slashes for another site.
  const crooked = [
    "/.//evil.example",
    "/%2e//evil.example",
    "/a/..//evil.example",
    "/.///evil.example",
    "/./\\evil.example",
  ];
  expect(crooked.map(ownPath).filter((path) => !/^\/(?![/\\])/u.test(path))).toEqual([]);
});

describe("who may sign in", () => {
  const nobody = { users: [], orgs: [], teams: [] };
  const anna = { githubId: 1, login: "Anna", orgs: ["acme"], teams: ["acme/platform"] };

  test("is said by any one of the rules, without regard to case; no rule lets nobody in", () => {
    expect(mayEnter(anna, nobody)).toBe(false);
    expect(mayEnter(anna, { ...nobody, users: ["anna"] })).toBe(true);
    expect(mayEnter(anna, { ...nobody, orgs: ["acme"] })).toBe(true);
    expect(mayEnter(anna, { ...nobody, teams: ["acme/platform"] })).toBe(true);
    expect(mayEnter(anna, { users: ["ben"], orgs: ["acm"], teams: ["acme/other"] })).toBe(false);
  });

  test("must be said before the hub starts, and beyond loopback somebody must sign in", () => {
    const values = {
      HUB_HOST: "127.0.0.1",
      HUB_PORT: 1,
      HUB_PATH_PROXY: true,
      ALLOWED_USERS: [],
      ALLOWED_ORGS: [],
      ALLOWED_TEAMS: [],
      GITHUB_URL: "https://github.com",
      ORCHESTRATOR_MODE: "hub",
      HUB_URL: undefined,
      HUB_INTERNAL_URL: undefined,
      HUB_SECRET: undefined,
      GITHUB_CLIENT_ID: undefined,
      GITHUB_CLIENT_SECRET: undefined,
    };
    const check = (more: Partial<typeof values> | object) => () => checkHubConfig(hubConfig({ ...values, ...more }));
    const github = { GITHUB_CLIENT_ID: "i", GITHUB_CLIENT_SECRET: "s" };
    expect(check({})).not.toThrow();
    expect(check(github)).toThrow("ALLOWED_");
    expect(check({ HUB_HOST: "0.0.0.0" })).toThrow("GITHUB_CLIENT_ID");
    expect(check({ HUB_HOST: "0.0.0.0", ...github, ALLOWED_USERS: ["a"] })).toThrow("HUB_URL");
    expect(check({ HUB_HOST: "0.0.0.0", ...github, ALLOWED_USERS: ["a"], HUB_URL: "https://h.example" })).not.toThrow();
    expect(check({ HUB_URL: "https://h.example/sub" })).toThrow("path");
  });
});

test("attempts are counted by key and window, and no more keys are kept than fit", () => {
  let now = 0;
  const attempts = createAttempts({ limit: 2, windowMs: 100 }, () => now);
  expect([attempts.allow("a"), attempts.allow("a"), attempts.allow("a"), attempts.allow("b")]).toEqual([
    true,
    true,
    false,
    true,
  ]);
  expect(attempts.isOpen("a")).toBe(false);
  now = 101;
  expect(attempts.isOpen("a")).toBe(true);
  expect(() => attempts.check("a")).not.toThrow();
});

test("frames may come in a burst, but not for ever", () => {
  let now = 0;
  const mayGoOn = createFramePace(10, () => now);
  const burst = Array.from({ length: 150 }, () => mayGoOn()).filter(Boolean).length;
  expect(burst).toBe(100);
  now = 1000;
  expect(Array.from({ length: 50 }, () => mayGoOn()).filter(Boolean)).toHaveLength(10);
});
