import { expect, test } from "vitest";
import { isOfProject } from "../../../src/subscriptions/project-filter.ts";

const repository = (githubRepo: string) => ({ githubRepo, projectPath: null });
const folder = (projectPath: string) => ({ githubRepo: null, projectPath });

test.each([
  ["owner/repo", "owner/repo"],
  ["owner/repo", "https://github.com/Owner/Repo.git"],
  ["https://github.com/owner/repo", "git@github.com:owner/repo.git"],
  ["ssh://git@github.com/owner/repo/", "owner/repo"],
  ["https://token@git.example.com/team/repo.git", "https://git.example.com/team/repo"],
])("a session of %s is of the project %s", (githubRepo, project) => {
  expect(isOfProject(repository(githubRepo), [project])).toBe(true);
});

test.each([
  ["owner/repo", "owner/repo2"],
  ["https://git.example.com/owner/repo", "owner/repo"],
  ["owner/repo", "/owner/repo"],
])("a session of %s is not of the project %s", (githubRepo, project) => {
  expect(isOfProject(repository(githubRepo), [project])).toBe(false);
});

test.each([
  ["/home/me/project", "/home/me/project", true],
  ["/home/me/project/", "/home/me", true],
  ["/home/me/project", "/", true],
  ["/home/me/project-2", "/home/me/project", false],
  ["/home/me", "/home/me/project", false],
])("a session in %s is of the folder %s: %s", (path, project, expected) => {
  expect(isOfProject(folder(path), [project])).toBe(expected);
});

test("without projects every event is heard, with some an event of no session is not", () => {
  expect(isOfProject(undefined, [])).toBe(true);
  expect(isOfProject(undefined, ["owner/repo", "/"])).toBe(false);
  expect(isOfProject(folder("/a"), ["owner/repo", "/a"])).toBe(true);
});
