import { execFile, spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chown, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { connect, createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { chooseAccount, type Account } from "../../src/db/embedded/account.ts";
import { runAs } from "../../src/db/embedded/cluster.ts";
import { requirePeer } from "./peers.ts";

const PROGRAM = "/usr/sbin/dovecot";
const START_MS = 30_000;
const HOST = "127.0.0.1";
const ENVIRONMENT = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" };

export const hasDovecot = (): boolean => existsSync(PROGRAM) && existsSync("/usr/lib/dovecot/imap");

/** For the top of a test file: without Dovecot its tests are skipped, and fail where all peers are demanded. */
export const requireDovecot = (): boolean =>
  requirePeer("Dovecot", hasDovecot, "install the package dovecot-imapd (Debian, Ubuntu) to test mail");

export interface Dovecot extends AsyncDisposable {
  host: string;
  /** Stays the same over all restarts. No TLS: it is loopback. */
  port: number;
  /** Of every mailbox. */
  password: string;
  /** Makes the mailbox `address`; it logs in with its whole address. */
  addMailbox(address: string): Promise<void>;
  /** Puts one mail into the mailbox's inbox, as a mail server does. */
  deliver(address: string, raw: Buffer): Promise<void>;
  /** The mails of a folder in order of arrival, oldest first. */
  mails(address: string, folder?: string): Promise<Buffer[]>;
  /** Cuts the mailbox's IMAP connections; says whether there were any. */
  kick(address: string): Promise<boolean>;
  /** SIGKILL to all of it. */
  kill(): Promise<void>;
  start(): Promise<void>;
  log(): Promise<string>;
}

/** Debian's Dovecot on loopback with its own folders; it works for root and for ordinary users alike. */
export async function startDovecot(): Promise<Dovecot> {
  const account = await chooseAccount(undefined);
  const folder = await mkdtemp(join(tmpdir(), "orch-mail-"));
  const port = await freePort();
  const password = randomUUID();
  const files = ownedFiles(account);
  await files.own(folder);
  for (const name of ["run", "state", "home"]) await files.make(join(folder, name));
  const conf = join(folder, "dovecot.conf");
  await writeFile(conf, settings({ folder, port, account, group: await groupName(account.gid) }));
  const users = join(folder, "users");
  await files.write(users, "");
  const names: string[] = [];
  const server = serverOf({ conf, folder, port, account });
  await server.start();

  return {
    host: HOST,
    port,
    password,
    ...mailboxesIn(join(folder, "home"), files),
    async addMailbox(address) {
      if (names.includes(address)) return;
      names.push(address);
      for (const part of ["", "Maildir", "Maildir/cur", "Maildir/new", "Maildir/tmp"])
        await files.make(join(folder, "home", address, part));
      await files.write(users, names.map((name) => `${name}:{PLAIN}${password}\n`).join(""));
    },
    async kick(address) {
      const { stdout } = await promisify(execFile)("doveadm", ["-c", conf, "-f", "tab", "kick", address], {
        ...runAs(account),
        env: ENVIRONMENT,
      }).catch((error: unknown) => ({ stdout: String(error) }));
      return stdout.split("\n").includes(address);
    },
    ...server,
    async [Symbol.asyncDispose]() {
      await server.kill();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Files that belong to the account the server runs as. */
function ownedFiles(account: Account) {
  const own = async (path: string) => (account.isOther ? chown(path, account.uid, account.gid) : undefined);
  return {
    own,
    async make(path: string): Promise<void> {
      await mkdir(path, { recursive: true });
      await own(path);
    },
    async write(path: string, content: string | Buffer): Promise<void> {
      await writeFile(path, content);
      await own(path);
    },
  };
}

function serverOf({ conf, folder, port, account }: { conf: string; folder: string; port: number; account: Account }) {
  let server: ChildProcess | undefined;
  const log = () => readFile(join(folder, "log"), "utf8").catch(() => "");
  return {
    log,
    async start(): Promise<void> {
      const as = { ...runAs(account), cwd: folder, env: ENVIRONMENT, stdio: "ignore" as const, detached: true };
      server = spawn(PROGRAM, ["-F", "-c", conf], as);
      for (const deadline = Date.now() + START_MS; !(await greets(port)); await sleep(25))
        if (Date.now() > deadline || server.exitCode !== null) throw new Error(`Dovecot did not start: ${await log()}`);
    },
    async kill(): Promise<void> {
      if (!server?.pid || server.exitCode !== null || server.signalCode !== null) return;
      const exited = once(server, "exit");
      process.kill(-server.pid, "SIGKILL");
      await exited;
    },
  };
}

/** The mailboxes as files (Maildir): how a mail server delivers into them. */
function mailboxesIn(home: string, files: ReturnType<typeof ownedFiles>): Pick<Dovecot, "deliver" | "mails"> {
  let delivered = 0;
  const maildir = (address: string) => join(home, address, "Maildir");
  return {
    async deliver(address, raw) {
      // A name that sorts by arrival; written beside the inbox first, so that nobody reads half a mail.
      const name = `${Date.now()}.M${String((delivered += 1)).padStart(6, "0")}.test`;
      const temporary = join(maildir(address), "tmp", name);
      await files.write(temporary, raw);
      await rename(temporary, join(maildir(address), "new", name));
    },
    async mails(address, at = "INBOX") {
      const root = at === "INBOX" ? maildir(address) : join(maildir(address), `.${at}`);
      const places = await Promise.all(
        ["new", "cur"].map(async (part) =>
          (await readdir(join(root, part)).catch(() => [])).map((name) => ({ name, path: join(root, part, name) })),
        ),
      );
      const sorted = places.flat().toSorted((a, b) => (a.name < b.name ? -1 : 1));
      // One that was moved between the two calls comes again with the next look.
      const read = await Promise.all(sorted.map(({ path }) => readFile(path).catch(() => undefined)));
      return read.filter((raw) => raw !== undefined);
    },
  };
}

function settings({ folder, port, account, group }: { folder: string; port: number; account: Account; group: string }) {
  return `
base_dir = ${folder}/run
state_dir = ${folder}/state
log_path = ${folder}/log
protocols = imap
listen = ${HOST}
ssl = no
disable_plaintext_auth = no
default_internal_user = ${account.name}
default_internal_group = ${group}
default_login_user = ${account.name}
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:~/Maildir
mail_fsync = never
mail_max_userip_connections = 50
login_trusted_networks = 127.0.0.0/8
auth_failure_delay = 0
passdb {
  driver = passwd-file
  args = scheme=PLAIN ${folder}/users
}
userdb {
  driver = static
  args = uid=${account.uid} gid=${account.gid} home=${folder}/home/%u
}
service imap-login {
  chroot =
  inet_listener imap {
    port = ${port}
  }
  inet_listener imaps {
    port = 0
  }
}
service anvil {
  chroot =
}
`;
}

async function groupName(gid: number): Promise<string> {
  const groups = (await readFile("/etc/group", "utf8")).split("\n").map((line) => line.split(":"));
  return groups.find(([, , id]) => id === String(gid))?.[0] ?? "nogroup";
}

/** Dovecot takes a number, not 0; nobody else takes it in the moment between. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, HOST);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

function greets(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, HOST);
    const end = (is: boolean) => {
      socket.destroy();
      resolve(is);
    };
    socket.setTimeout(2_000, () => end(false));
    socket.on("error", () => end(false));
    socket.on("data", (chunk) => end(chunk.toString().startsWith("* OK")));
  });
}
