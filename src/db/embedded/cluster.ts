import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { AppError, toError } from "../../lib/errors.ts";
import type { Account } from "./account.ts";
import type { Home } from "./home.ts";

/** The superuser of the cluster; there is no other role. */
export const SUPERUSER = "orchestrator";

const INITDB_TIMEOUT_MS = 120_000;

/** PostgreSQL gets nothing of our environment: PG* variables would bend it, secrets are none of its business. */
export const SERVER_ENVIRONMENT = { PATH: "/usr/bin:/bin:/usr/sbin:/sbin", LC_ALL: "C" };

/** What makes a child process run as the account; nothing when it is our own. */
export const runAs = ({ isOther, uid, gid }: Account): { uid?: number; gid?: number } => (isOther ? { uid, gid } : {});

/**
 * Makes the cluster when it is not there yet, under another name until it is whole. Text sorts by code point and changes
 * case as Unicode says, by PostgreSQL's own tables: no upgrade of the system's libraries can break an index.
 */
export async function makeCluster(home: Home, bin: string): Promise<void> {
  if (await stat(home.dataDir).catch(() => undefined)) return;
  await removeUnfinished(home.folder);
  const temporary = join(home.folder, `unfinished-${randomUUID()}`);
  const options = ["--pgdata", temporary, "--username", SUPERUSER, "--encoding", "UTF8", "--no-instructions"];
  const locale = ["--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"];
  const access = ["--auth-local", "trust", "--auth-host", "reject"];
  try {
    await promisify(execFile)(join(bin, "initdb"), [...options, ...locale, ...access], {
      ...runAs(home.account),
      cwd: home.folder,
      env: SERVER_ENVIRONMENT,
      timeout: INITDB_TIMEOUT_MS,
    });
  } catch (error) {
    const said = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : "";
    throw new AppError("unavailable", `initdb failed: ${said || toError(error).message}`, { cause: error });
  }
  await rename(temporary, home.dataDir);
}

async function removeUnfinished(folder: string): Promise<void> {
  const left = (await readdir(folder)).filter((name) => name.startsWith("unfinished-"));
  await Promise.all(left.map((name) => rm(join(folder, name), { recursive: true, force: true })));
}
