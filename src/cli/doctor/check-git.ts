import { execa } from "execa";
import { fail, ok, type Check } from "./check.ts";

const OLDEST = { major: 2, minor: 30 };
const TIMEOUT_MS = 10_000;
const ADVICE = "Install git 2.30 or later";

export async function checkGit(path: string | undefined): Promise<Check> {
  const env = { PATH: path ?? "/usr/bin:/bin" };
  const { stdout, failed } = await execa("git", ["--version"], {
    env,
    extendEnv: false,
    reject: false,
    timeout: TIMEOUT_MS,
  });
  const version = failed ? undefined : /\d+\.\d+\S*/.exec(stdout)?.[0];
  if (version === undefined) return fail("git", "not found on the PATH", ADVICE);
  return isTooOld(version) ? fail("git", `${version} is too old`, ADVICE) : ok("git", version);
}

function isTooOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major < OLDEST.major || (major === OLDEST.major && minor < OLDEST.minor);
}
