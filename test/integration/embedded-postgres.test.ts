import { existsSync } from "node:fs";
import { chmod, chown, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { startEmbeddedPostgres } from "../../src/db/embedded/embedded-postgres.ts";
import { createLogger } from "../../src/lib/logger.ts";
import {
  ACCOUNTS,
  clusterOf,
  copyPackage,
  guardsOf,
  makeDataDir,
  removeDataDir,
  serverProcesses,
  startProgram,
  type RunningProgram,
} from "../support/embedded-server.ts";

const GONE = { timeout: 15_000, interval: 20 };
const log = createLogger("silent");

let packageFolder = "";
beforeAll(async () => {
  packageFolder = await copyPackage();
});
afterAll(async () => {
  await chmod(packageFolder, 0o755);
  await rm(packageFolder, { recursive: true });
});

describe.each(ACCOUNTS)("started by %s", (as) => {
  let dataDir = "";
  let program: RunningProgram;
  const start = () => startProgram(dataDir, packageFolder, as);
  const count = async () => (await program.query("select count(*)::int as n from kept")).rows[0].n as number;
  const serverIsGone = () => vi.waitFor(async () => expect(await serverProcesses(dataDir)).toEqual([]), GONE);

  beforeAll(async () => {
    dataDir = await makeDataDir(as);
  });
  afterAll(() => removeDataDir(dataDir));
  beforeEach(async () => {
    program = await start();
    if (program.said.url) await program.query("create table if not exists kept (word text)");
  });
  afterEach(async () => {
    await program.kill("SIGTERM");
    await serverIsGone();
  });

  test("it is a PostgreSQL 18 on a socket that only its account reaches, without a port", async () => {
    expect(program.said.version).toMatch(/^18\./);
    const { rows } = await program.query("select current_setting('listen_addresses') as tcp, lower('ÄÖ') as lower");
    expect(rows).toEqual([{ tcp: "", lower: "äö" }]);
    const socketFolder = new URL(program.said.url ?? "").searchParams.get("host") ?? "";
    expect((await stat(socketFolder)).mode & 0o777).toBe(0o700);
    expect((await stat(await clusterOf(dataDir))).uid).not.toBe(0);
  });

  test("what was written is there after a stop and a start", async () => {
    const before = await count();
    await program.query("insert into kept values ('stop')");
    expect(await program.kill("SIGTERM")).toBe(0);
    expect(await serverProcesses(dataDir)).toEqual([]);
    program = await start();
    expect(await count()).toBe(before + 1);
  });

  test("when Node is killed its server ends too, and the next start has everything", async () => {
    const before = await count();
    await program.query("insert into kept values ('killed')");
    await program.kill("SIGKILL");
    await serverIsGone();
    program = await start();
    expect(await count()).toBe(before + 1);
  });

  test("a start in the moment its predecessor is killed waits for the old server and works", async () => {
    const before = await count();
    await program.query("insert into kept values ('hurry')");
    await program.kill("SIGKILL");
    program = await start();
    expect(program.said.error).toBeUndefined();
    expect(await count()).toBe(before + 1);
  });

  test("when all processes of the server are killed it comes back by itself, with everything", async () => {
    const before = await count();
    await program.query("insert into kept values ('all')");
    for (const pid of await serverProcesses(dataDir)) process.kill(pid, "SIGKILL");
    await vi.waitFor(async () => expect(await count()).toBe(before + 1), GONE);
  });

  test("when Node, the guard and the server are all killed the next start recovers", async () => {
    const before = await count();
    await program.query("insert into kept values ('everything')");
    const victims = [...(await guardsOf(dataDir)), ...(await serverProcesses(dataDir))];
    const ended = program.kill("SIGKILL");
    for (const pid of victims) process.kill(pid, "SIGKILL");
    await ended;
    program = await start();
    expect(await count()).toBe(before + 1);
  });

  test("a server that outlived Node and its guard is taken over", async () => {
    const before = await count();
    await program.query("insert into kept values ('orphan')");
    // Stopped, so that it cannot notice that its guard is gone.
    process.kill(program.pid, "SIGSTOP");
    for (const pid of await guardsOf(dataDir)) process.kill(pid, "SIGKILL");
    await program.kill("SIGKILL");
    expect(await serverProcesses(dataDir)).not.toEqual([]);
    program = await start();
    expect(await count()).toBe(before + 1);
  });

  test("when the guard is killed the server goes on under a new one", async () => {
    const before = await count();
    await program.query("insert into kept values ('guard')");
    const guards = await guardsOf(dataDir);
    for (const pid of guards) process.kill(pid, "SIGKILL");
    await vi.waitFor(
      async () => expect((await guardsOf(dataDir)).some((pid) => !guards.includes(pid))).toBe(true),
      GONE,
    );
    await vi.waitFor(async () => expect(await count()).toBe(before + 1), GONE);
    await program.kill("SIGKILL");
    await serverIsGone();
    program = await start();
  });

  test("a second process says who holds the database and that DATABASE_URL is for several", async () => {
    const second = await start();
    expect(second.said.error).toBe(
      `Process ${program.pid} uses the embedded database in this data directory, which serves one process only: several need DATABASE_URL`,
    );
    expect(await second.exited).toBe(1);
    expect(await count()).toBeGreaterThanOrEqual(0);
  });

  test("of several starts at the same moment exactly one wins", async () => {
    await program.kill("SIGTERM");
    for (let round = 0; round < 3; round++) {
      const programs = await Promise.all([start(), start(), start()]);
      const winners = programs.filter(({ said }) => said.url !== undefined);
      expect(winners).toHaveLength(1);
      await winners[0]?.query("select 1");
      await Promise.all(programs.map((one) => one.kill("SIGTERM")));
    }
    program = await start();
  });

  test("a lock file that names the pid of another program does not keep the server from starting", async () => {
    await program.kill("SIGTERM");
    await writeFile(join(await clusterOf(dataDir), "postmaster.pid"), `${process.pid}\n`);
    program = await start();
    expect(program.said.error).toBeUndefined();
  });

  test("what an interrupted first start left behind is cleared away", async () => {
    await program.kill("SIGTERM");
    const home = join(await clusterOf(dataDir), "..");
    const owner = await stat(home);
    await mkdir(join(home, "unfinished-1"));
    await chown(join(home, "unfinished-1"), owner.uid, owner.gid);
    await rm(await clusterOf(dataDir), { recursive: true });
    program = await start();
    expect(program.said.error).toBeUndefined();
    expect((await readdir(home)).filter((name) => name.startsWith("unfinished"))).toEqual([]);
  });

  test("the server's log holds no values that were written", async () => {
    await program.query("create table if not exists canary (word text primary key)");
    const insert = () => program.query("insert into canary values ('sensitive-canary')");
    await insert().catch(() => {});
    await expect(insert()).rejects.toThrow("duplicate key");
    const text = await readFile(join(await clusterOf(dataDir), "../postgres.log"), "utf8");
    expect(text).toContain("duplicate key");
    expect(text).not.toContain("sensitive-canary");
  });
});

describe("in this process", () => {
  test("a data directory deeper than a socket's path may be long works, and its files are ours alone", async () => {
    const base = await makeDataDir("root");
    try {
      const dataDir = join(base, "d".repeat(60), "e".repeat(60), "data");
      await mkdir(dataDir, { recursive: true, mode: 0o711 });
      await using server = await startEmbeddedPostgres({ dataDir, packageFolder, log });
      const socketFolder = new URL(server.connectionString).searchParams.get("host") ?? "";
      expect(socketFolder).toMatch(/^\/tmp\/claude-orchestrator-/);
      expect((await stat(socketFolder)).mode & 0o777).toBe(0o700);
      await rm(socketFolder, { recursive: true });
    } finally {
      await rm(base, { recursive: true });
    }
  });

  test("a data directory that is made gets mode 0700, a second start in the same process is refused, the next one finds the place again", async () => {
    const base = await makeDataDir("root");
    const dataDir = join(base, "data");
    try {
      const first = await startEmbeddedPostgres({ dataDir, packageFolder, log });
      expect((await stat(dataDir)).mode & 0o777).toBe(0o700);
      const cluster = await clusterOf(dataDir);
      expect(existsSync(cluster)).toBe(true);
      await expect(startEmbeddedPostgres({ dataDir, packageFolder, log })).rejects.toThrow(
        `Process ${process.pid} uses`,
      );
      await first[Symbol.asyncDispose]();
      await chmod(dataDir, 0o711);
      await using again = await startEmbeddedPostgres({ dataDir, packageFolder, log });
      expect(again.connectionString).toBe(first.connectionString);
      expect(await clusterOf(dataDir)).toBe(cluster);
    } finally {
      await removeDataDir(dataDir);
      await rm(base, { recursive: true });
    }
  });

  test("the files of another major version are refused, not passed over", async () => {
    const dataDir = await makeDataDir("root");
    try {
      await mkdir(join(dataDir, "postgres/data-17"), { recursive: true });
      await writeFile(join(dataDir, "postgres.location"), "postgres\n");
      await expect(startEmbeddedPostgres({ dataDir, packageFolder, log })).rejects.toThrow(
        "holds data-17, and this is PostgreSQL 18",
      );
    } finally {
      await rm(dataDir, { recursive: true });
    }
  });
});
