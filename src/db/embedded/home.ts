import { randomBytes } from "node:crypto";
import { chmod, chown, lstat, mkdir, readdir, readFile, realpath, stat, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { AppError } from "../../lib/errors.ts";
import { canEnter, chooseAccount, type Account } from "./account.ts";

/** Where PostgreSQL lives, and as whom. All absolute and free of symbolic links. */
export interface Home {
  account: Account;
  folder: string;
  /** The cluster; whether it is there yet is for the reader to see. */
  dataDir: string;
  binaries: string;
}

/** For servers started by root whose account cannot enter the data directory (0700, or below /root). */
const SYSTEM_FOLDER = "/var/lib/claude-orchestrator";
/** As PostgreSQL names it for its default port; beside it lies a lock file with `.lock` at the end. */
export const SOCKET_NAME = ".s.PGSQL.5432";
/** sockaddr_un holds 108 bytes with the final zero, on macOS 104. */
const LONGEST_SOCKET_PATH = process.platform === "darwin" ? 103 : 107;

/**
 * Finds the place of the cluster that belongs to `dataDir`, or decides on one and writes it down there: modes and
 * accounts may change later, the ledger must still be found. `version` is that of the binaries.
 */
export async function openHome(dataDir: string, version: string): Promise<Home> {
  const note = join(dataDir, "postgres.location");
  const noted = await readFile(note, "utf8").catch(() => undefined);
  if (noted !== undefined) return describe(resolve(dataDir, noted.trim()), version);
  const account = await chooseAccount(undefined);
  const isInside = !account.isOther || (await canEnter(account, dataDir));
  const place = isInside ? "postgres" : join(SYSTEM_FOLDER, randomBytes(6).toString("hex"));
  await makeFolder(resolve(dataDir, place), account);
  await writeFile(note, `${place}\n`);
  return describe(resolve(dataDir, place), version);
}

async function describe(noted: string, version: string): Promise<Home> {
  const owner = await stat(noted).catch(() => undefined);
  if (!owner) throw new AppError("unavailable", `The database should be in ${noted}, which is not there`);
  const folder = await realpath(noted);
  const major = version.split(".")[0] ?? "";
  await refuseOtherMajor(folder, major);
  const isShared = folder.startsWith(`${SYSTEM_FOLDER}/`);
  return {
    account: await chooseAccount(owner.uid),
    folder,
    dataDir: join(folder, `data-${major}`),
    binaries: join(isShared ? SYSTEM_FOLDER : folder, `bin-${version}`),
  };
}

/** A new major version cannot read the files of an older one; starting it beside them would look like an empty ledger. */
async function refuseOtherMajor(folder: string, major: string): Promise<void> {
  const clusters = (await readdir(folder)).filter((name) => /^data-\d+$/.test(name));
  if (clusters.length === 0 || clusters.includes(`data-${major}`)) return;
  throw new AppError(
    "unavailable",
    `${folder} holds ${clusters.join(", ")}, and this is PostgreSQL ${major}: export it with the version that wrote it`,
  );
}

async function makeFolder(folder: string, account: Account): Promise<void> {
  if (folder.startsWith(SYSTEM_FOLDER)) await mkdir(SYSTEM_FOLDER, { recursive: true, mode: 0o755 });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if (account.isOther) await chown(folder, account.uid, account.gid);
}

/**
 * The folder of the socket, for its owner only, because whoever reaches the socket is let in: inside the home, or, where
 * that path is too long for a socket, one of ours in /tmp that must not be somebody else's trap.
 */
export async function openSocketFolder({ folder, account }: Home): Promise<string> {
  const inside = join(folder, "run");
  const fits = Buffer.byteLength(join(inside, SOCKET_NAME)) <= LONGEST_SOCKET_PATH;
  const { dev, ino } = await stat(folder);
  const path = fits ? inside : `/tmp/claude-orchestrator-${account.uid}-${dev.toString(36)}-${ino.toString(36)}`;
  const isNew = await mkdir(path, { mode: 0o700 }).then(() => true, ifExists);
  if (isNew && account.isOther) await chown(path, account.uid, account.gid);
  const found = await lstat(path);
  if (!found.isDirectory() || found.uid !== account.uid)
    throw new AppError("unavailable", `${path} belongs to somebody else: remove it`);
  if ((found.mode & 0o077) !== 0) await chmod(path, 0o700);
  return path;
}

function ifExists(error: unknown): false {
  if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
  throw error;
}
