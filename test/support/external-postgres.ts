import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chown, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { chooseAccount } from "../../src/db/embedded/account.ts";
import { runAs } from "../../src/db/embedded/cluster.ts";

/** Debian's; the oldest version the ledger promises to work on. */
const BIN = "/usr/lib/postgresql/15/bin";

export const hasPostgres15 = (): boolean => existsSync(join(BIN, "postgres"));

export const hasOpenssl = (): boolean => existsSync("/usr/bin/openssl");

export interface ExternalPostgres {
  /** Over TCP with TLS only; the certificate is for the name localhost. */
  tlsUrl(host: string, parameters: Record<string, string>): string;
  /** Over a unix socket. */
  socketUrl: string;
  /** The file with the authority that signed the certificate. */
  authority: string;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A PostgreSQL 15 as an operator would run it, on a free port. */
export async function startExternalPostgres(): Promise<ExternalPostgres> {
  const account = await chooseAccount(undefined);
  const folder = await mkdtemp(join(tmpdir(), "orchestrator-pg15-"));
  const as = { ...runAs(account), cwd: "/", env: { PATH: "/usr/bin:/bin", LC_ALL: "C" } };
  const data = join(folder, "data");
  const port = await freePort();
  makeCertificates(folder);
  await writeFile(join(folder, "hba"), "local all all trust\nhostssl all all 127.0.0.1/32 trust\n");
  for (const path of [folder, ...(await readdir(folder)).map((name) => join(folder, name))])
    if (account.isOther) await chown(path, account.uid, account.gid);
  execFileSync(join(BIN, "initdb"), ["-D", data, "-U", "me", "--no-locale", "-E", "UTF8", "--no-sync"], {
    ...as,
    stdio: "ignore",
  });
  const settings = {
    listen_addresses: "127.0.0.1",
    port: String(port),
    unix_socket_directories: folder,
    hba_file: join(folder, "hba"),
    ssl: "on",
    ssl_cert_file: join(folder, "server.crt"),
    ssl_key_file: join(folder, "server.key"),
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const server = spawn(join(BIN, "postgres"), ["-D", data, ...options], { ...as, stdio: "ignore" });
  const socketUrl = `postgresql://me@localhost:${port}/postgres?host=${encodeURIComponent(folder)}`;
  await untilReady(socketUrl);
  return {
    socketUrl,
    authority: join(folder, "ca.crt"),
    tlsUrl: (host, parameters) =>
      `postgresql://me@${host}:${port}/postgres?${new URLSearchParams(parameters).toString()}`,
    async [Symbol.asyncDispose]() {
      server.kill("SIGINT");
      await once(server, "exit");
      await rm(folder, { recursive: true });
    },
  };
}

/** An authority, and a certificate of it for the name localhost. */
function makeCertificates(folder: string): void {
  const openssl = (...parts: string[]) => execFileSync("openssl", parts, { cwd: folder, stdio: "ignore" });
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  openssl(
    "req",
    "-x509",
    ...newKey,
    "-keyout",
    "ca.key",
    "-out",
    "ca.crt",
    "-days",
    "2",
    "-subj",
    "/CN=Test authority",
  );
  const name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
  const signed = ["-CA", "ca.crt", "-CAkey", "ca.key", "-days", "2"];
  openssl("req", "-x509", ...newKey, ...signed, "-keyout", "server.key", "-out", "server.crt", ...name);
}

async function freePort(): Promise<number> {
  await using server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return typeof address === "object" && address ? address.port : 0;
}

async function untilReady(connectionString: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const client = new pg.Client({ connectionString });
    try {
      await client.connect();
      return await client.end();
    } catch (error) {
      if (attempt === 200) throw error;
      await sleep(50);
    }
  }
}
