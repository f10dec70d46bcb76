import { readFile, stat } from "node:fs/promises";
import { userInfo } from "node:os";
import { dirname } from "node:path";
import { AppError } from "../../lib/errors.ts";

/** The operating system's account PostgreSQL runs as. */
export interface Account {
  name: string;
  uid: number;
  gid: number;
  /** We are root and it is another account: files are handed over to it, processes change to it. */
  isOther: boolean;
}

/** PostgreSQL refuses to run as root; these need no rights of their own and are on every system. */
const ACCOUNTS_FOR_ROOT = ["postgres", "_postgres", "nobody"];

/** Our own account; as root that of the existing `dataOwner` (uid), else the first of ACCOUNTS_FOR_ROOT. */
export async function chooseAccount(dataOwner: number | undefined): Promise<Account> {
  const uid = process.getuid?.() ?? -1;
  if (uid === 0) return accountForRoot(dataOwner);
  if (dataOwner !== undefined && dataOwner !== uid)
    throw new AppError(
      "unavailable",
      `The database belongs to the account with uid ${dataOwner}: start as that account, or as root`,
    );
  return { name: ownName(uid), uid, gid: process.getgid?.() ?? -1, isOther: false };
}

function ownName(uid: number): string {
  try {
    return userInfo().username;
  } catch (error) {
    throw new AppError(
      "unavailable",
      `The account with uid ${uid} has no entry in /etc/passwd, which PostgreSQL needs: add one, or set DATABASE_URL`,
      { cause: error },
    );
  }
}

async function accountForRoot(dataOwner: number | undefined): Promise<Account> {
  const lines = (await readFile("/etc/passwd", "utf8")).split("\n");
  const accounts = lines.flatMap((line): Account[] => {
    const [, name = "", uid, gid] = /^([^:#]+):[^:]*:(\d+):(\d+):/.exec(line) ?? [];
    return name === "" ? [] : [{ name, uid: Number(uid), gid: Number(gid), isOther: true }];
  });
  const usable = accounts.filter(({ uid }) => uid !== 0);
  const chosen =
    dataOwner === undefined
      ? ACCOUNTS_FOR_ROOT.map((name) => usable.find((account) => account.name === name)).find(Boolean)
      : usable.find(({ uid }) => uid === dataOwner);
  if (chosen) return chosen;
  throw new AppError(
    "unavailable",
    dataOwner === undefined
      ? "PostgreSQL does not run as root, and there is no account postgres or nobody: start as an ordinary account, or set DATABASE_URL"
      : `The database belongs to uid ${dataOwner}, which has no entry in /etc/passwd`,
  );
}

/** Whether the account may enter a folder, judged by the permission bits of all folders above it. */
export async function canEnter(account: Account, folder: string): Promise<boolean> {
  const { mode, uid, gid } = await stat(folder);
  const bit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
  if ((mode & bit) === 0) return false;
  const parent = dirname(folder);
  return parent === folder || canEnter(account, parent);
}
