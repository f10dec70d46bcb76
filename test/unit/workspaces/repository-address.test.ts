import { describe, expect, test } from "vitest";
import { folderName, parseRepository } from "../../../src/workspaces/repository-address.ts";

const rules = { githubBaseUrl: "https://github.com", loopback: false };
const onLoopback = { ...rules, loopback: true };

const refused = () => parseRepository("https://user:hunter2@github.com/owner/repo", rules);

describe("addresses that are taken", () => {
  test.each([
    ["owner/repo", "https://github.com/owner/repo.git", "repo", "https"],
    ["owner/repo.git", "https://github.com/owner/repo.git", "repo", "https"],
    ["some_company/re.po-1", "https://github.com/some_company/re.po-1.git", "re.po-1", "https"],
    ["https://github.com/owner/repo", "https://github.com/owner/repo.git", "repo", "https"],
    ["https://GitHub.com/owner/repo/", "https://github.com/owner/repo.git", "repo", "https"],
    [
      "https://gitlab.example.com:8443/group/sub/repo.git",
      "https://gitlab.example.com:8443/group/sub/repo.git",
      "repo",
      "https",
    ],
    ["git@github.com:owner/repo.git", "git@github.com:owner/repo.git", "repo", "ssh"],
    ["ssh://git@host.example:2222/owner/repo.git", "ssh://git@host.example:2222/owner/repo.git", "repo", "ssh"],
  ])("%s", (text, url, name, protocol) => {
    expect(parseRepository(text, rules)).toEqual({ url, name, protocol });
  });

  test("folders of the server, on loopback only", () => {
    expect(parseRepository("/srv/my repo.git", onLoopback)).toEqual({
      url: "/srv/my repo.git",
      name: "my-repo",
      protocol: "file",
    });
    expect(parseRepository("file:///srv/repo.git", onLoopback)).toEqual({
      url: "/srv/repo.git",
      name: "repo",
      protocol: "file",
    });
    expect(() => parseRepository("/srv/repo.git", rules)).toThrow(/folder of the server/);
    expect(() => parseRepository("file:///srv/repo.git", rules)).toThrow(/folder of the server/);
    expect(() => parseRepository("file://host/srv/repo.git", onLoopback)).toThrow(/without a host/);
  });

  test("plain http of this machine on loopback, and of the configured host", () => {
    expect(parseRepository("http://127.0.0.1:3000/a/b.git", onLoopback).protocol).toBe("http");
    expect(() => parseRepository("http://127.0.0.1:3000/a/b.git", rules)).toThrow(/must use https/);
    expect(() => parseRepository("http://example.com/a/b.git", onLoopback)).toThrow(/must use https/);
    expect(parseRepository("a/b", { ...rules, githubBaseUrl: "http://ghe.local/" })).toMatchObject({
      url: "http://ghe.local/a/b.git",
    });
  });
});

describe("addresses that are refused", () => {
  test.each([
    ["--upload-pack=touch", /dash/],
    ["-oProxyCommand=x/y", /dash/],
    ["ext::sh -c 'touch /tmp/x'", /transport helper|spaces/],
    ["ext::sh", /transport helper/],
    ["fd::17", /transport helper/],
    ["https://user:secret@github.com/owner/repo", /GITHUB_TOKEN/],
    ["https://ghp_token@github.com/owner/repo", /GITHUB_TOKEN/],
    ["ssh://git:secret@host/owner/repo", /password/],
    ["ssh://-oProxyCommand=x/repo", /must/],
    ["ssh://git@host/-oProxyCommand", /must name a repository/],
    ["git@-host:path", /must be/],
    ["git@host:-path", /must be/],
    ["git://github.com/owner/repo", /https or ssh/],
    ["ftp://example.com/repo", /https or ssh/],
    ["javascript://x/y", /https or ssh/],
    ["https://github.com/owner/repo?x=1", /without \?/],
    ["https://github.com/owner/repo#x", /without \?/],
    ["https://github.com/", /name a repository/],
    ["https://169.254.169.254/latest/meta-data", /metadata/],
    ["https://metadata.google.internal/x", /metadata/],
    ["git@169.254.169.254:x", /metadata/],
    ["owner/..", /must be/],
    ["owner/.", /must be/],
    ["../../etc", /must be/],
    ["owner", /must be/],
    ["owner/repo/more", /must be/],
    ["owner/re po", /spaces/],
    ["owner/repo\n[core]", /control/],
    ["owner/repo\0", /control/],
    ["C:\\repo", /must be/],
    ["https://", /must be/],
    ["file:///srv/%zz", /must be/],
  ])("%j", (text, reason) => {
    expect(() => parseRepository(text, rules)).toThrow(reason);
    expect(() => parseRepository(text, onLoopback)).toThrow(/^githubRepo must/);
  });

  test("what is refused is not repeated, because it may hold a secret", () => {
    expect(refused).toThrow(/^((?!hunter2).)*$/s);
    expect(refused).toThrow(
      expect.objectContaining({ code: "invalid", errors: [expect.objectContaining({ field: "githubRepo" })] }),
    );
  });
});

test.each([
  ["owner/repo.git", "repo"],
  ["/srv/.hidden", "hidden"],
  ["/srv/--option", "option"],
  ["/srv/nä me (1)", "n-me-1"],
  ["/srv/$(touch x)", "touch-x"],
  ["/srv/☃", "repository"],
  ["/", "repository"],
  [`/srv/${"x".repeat(200)}`, "x".repeat(60)],
])("a folder name made from %j is %s", (text, name) => {
  expect(folderName(text)).toBe(name);
});
