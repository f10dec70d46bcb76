import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { git, makeRemote, startGitHost, writeFiles } from "../support/git.ts";
import { addSession, NEVER, openWorkspaceHouse, stateOf, type WorkspaceHouse } from "../support/workspaces.ts";

const TOKEN = "ghp_canary0123456789canary";
const FORMS = [TOKEN, Buffer.from(`x-access-token:${TOKEN}`).toString("base64")];

let house: WorkspaceHouse;
let hosted: string;
beforeAll(async () => {
  house = await openWorkspaceHouse();
  hosted = join(house.root, "hosted");
  await makeRemote(join(hosted, "owner/app.git"));
});
afterAll(() => house[Symbol.asyncDispose]());

/** Every file below the house that holds the token in one of its forms. */
async function filesWithToken(): Promise<string[]> {
  const entries = await readdir(house.root, { recursive: true, withFileTypes: true });
  const found = entries.map(async (entry) => {
    if (!entry.isFile()) return [];
    const path = join(entry.parentPath, entry.name);
    const text = await readFile(path, "latin1");
    return FORMS.some((form) => text.includes(form)) ? [path] : [];
  });
  return (await Promise.all(found)).flat();
}

/** The command lines of the machine's processes that hold this text. */
async function commandLines(text: string): Promise<string[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")));
  return lines.filter((line) => line.includes(text));
}

function recordingLog() {
  const lines: string[] = [];
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  return { log: pino({ level: "trace" }, sink), text: () => lines.join("") };
}

test("the token reaches its host, and neither disk, nor process list, nor logs", async () => {
  await using host = await startGitHost(hosted, { token: TOKEN, delayMs: 150 });
  const { log, text } = recordingLog();
  const service = house.openService({ githubBaseUrl: host.url, githubToken: TOKEN }, log);
  const { sessionId, path } = await addSession(
    { ...house, service },
    { projectType: "github", githubRepo: "owner/app" },
  );
  const seen: string[] = [];
  const watch = new AbortController();
  const watching = (async () => {
    while (!watch.signal.aborted) {
      for (const form of FORMS) seen.push(...(await commandLines(form)));
      await sleep(10);
    }
  })();
  await service.prepare(sessionId, NEVER);
  await writeFiles(path, { "new.txt": "n\n" });
  await service.snapshot(sessionId, null);
  watch.abort();
  await watching;

  expect(host.authorizations).toContain(`Basic ${FORMS[1]}`);
  expect((await git(path, "remote", "get-url", "origin")).trim()).toBe(`${host.url}/owner/app.git`);
  expect(seen).toEqual([]);
  expect(await filesWithToken()).toEqual([]);
  for (const form of FORMS) expect(text()).not.toContain(form);
});

test("the token is not sent to other hosts", async () => {
  await using other = await startGitHost(hosted);
  const service = house.openService({ githubToken: TOKEN });
  const { sessionId } = await addSession(
    { ...house, service },
    { projectType: "github", githubRepo: `${other.url}/owner/app.git` },
  );
  await service.prepare(sessionId, NEVER);
  expect(other.authorizations.length).toBeGreaterThan(1);
  expect(new Set(other.authorizations)).toEqual(new Set([""]));
});

test("what an agent plants in its clone to be sent the token is never asked", async () => {
  await using host = await startGitHost(hosted, { token: TOKEN });
  await using attacker = await startGitHost(hosted);
  const service = house.openService({ githubBaseUrl: host.url, githubToken: TOKEN });
  const { sessionId, path } = await addSession(
    { ...house, service },
    { projectType: "github", githubRepo: "owner/app" },
  );
  await service.prepare(sessionId, NEVER);
  await git(path, "config", `url.${attacker.url}/.insteadOf`, host.url);
  await git(path, "config", "remote.origin.url", `${attacker.url}/owner/app.git`);
  await writeFile(join(path, "new.txt"), "n\n");
  await service.diff(sessionId);
  await service.snapshot(sessionId, null);
  await service.archive(sessionId);
  await service.prepare(sessionId, NEVER);
  expect(attacker.authorizations).toEqual([]);
});

const failureOf = async (githubRepo: string, config: object) => {
  const service = house.openService(config);
  const { sessionId } = await addSession({ ...house, service }, { projectType: "github", githubRepo });
  const { log, text } = recordingLog();
  const error: unknown = await house
    .openService(config, log)
    .prepare(sessionId, NEVER)
    .then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
  expect(error).toMatchObject({ name: "AppError", code: "upstream_failed" });
  const told = error instanceof Error ? error.message : "";
  expect(await stateOf(house, sessionId)).toMatchObject({ state: "failed", error: told });
  return { told, logged: text(), sessionId };
};

test("a host that wants a token says so, with what to set", async () => {
  await using host = await startGitHost(hosted, { token: TOKEN });
  const { told } = await failureOf("owner/app", { githubBaseUrl: host.url });
  expect(told).toMatch(/needs authentication, or does not exist: set GITHUB_TOKEN/);
});

test("a token that is refused is named as refused, and is not repeated", async () => {
  await using host = await startGitHost(hosted, { token: "another" });
  const { told, logged } = await failureOf("owner/app", { githubBaseUrl: host.url, githubToken: TOKEN });
  expect(told).toMatch(/Access to .*owner\/app\.git was refused: the GITHUB_TOKEN/);
  for (const form of FORMS) expect(told + logged).not.toContain(form);
});

test("a repository that is not there, and a host that is not there, are told apart", async () => {
  await using host = await startGitHost(hosted);
  expect((await failureOf("owner/nothing", { githubBaseUrl: host.url })).told).toMatch(
    /owner\/nothing\.git was not found/,
  );
  expect((await failureOf("owner/app", { githubBaseUrl: "http://127.0.0.1:9" })).told).toMatch(/could not be reached/);
  expect((await failureOf("owner/app", { githubBaseUrl: "http://no-such-host.invalid" })).told).toMatch(
    /could not be reached/,
  );
});

test("a failed workspace is made when its remote is there again", async () => {
  const { sessionId } = await failureOf("owner/app", { githubBaseUrl: "http://127.0.0.1:9" });
  await using host = await startGitHost(hosted);
  await house.db
    .updateTable("workspaces")
    .set({ repository: `${host.url}/owner/app.git` })
    .where("sessionId", "=", sessionId)
    .execute();
  await house.openService().prepare(sessionId, NEVER);
  expect(await stateOf(house, sessionId)).toMatchObject({ state: "ready", error: null });
});

test("stopping a fetch from a host that never answers ends it at once and leaves no process", async () => {
  const silent = createServer(() => {});
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  const address = silent.address();
  const port = typeof address === "object" && address ? address.port : 0;
  const { sessionId } = await addSession(house, {
    projectType: "github",
    githubRepo: `http://127.0.0.1:${port}/a/b.git`,
  });
  const stop = new AbortController();
  const began = performance.now();
  const preparing = house.service.prepare(sessionId, stop.signal).catch((error: unknown) => error);
  while ((await commandLines(`127.0.0.1:${port}`)).length === 0) await sleep(20);
  stop.abort(new Error("stopped by a person"));
  expect(await preparing).toEqual(new Error("stopped by a person"));
  expect(performance.now() - began).toBeLessThan(10_000);
  for (let tries = 0; tries < 100 && (await commandLines(`127.0.0.1:${port}`)).length > 0; tries++) await sleep(20);
  expect(await commandLines(`127.0.0.1:${port}`)).toEqual([]);
  expect(await stateOf(house, sessionId)).toMatchObject({ state: "pending" });
  silent.close();
});

test("ten sessions that ask at once share their fetches", async () => {
  await rm(join(house.config.dataDir, "repositories"), { recursive: true, force: true });
  await using host = await startGitHost(hosted, { delayMs: 50 });
  const service = house.openService({ githubBaseUrl: host.url });
  const sessions = await Promise.all(
    Array.from({ length: 10 }, () =>
      addSession({ ...house, service }, { projectType: "github", githubRepo: "owner/app" }),
    ),
  );
  await service.ensureBase();
  await Promise.all(sessions.map(({ sessionId }) => service.prepare(sessionId, NEVER)));
  // One ls-remote and one fetch, each of two requests or three; not ten of them.
  expect(host.authorizations.length).toBeLessThan(12);
});
