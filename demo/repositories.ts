import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { ProjectFiles } from "./project-files.ts";

/** Nothing of this machine's git configuration has a say. */
const identity = ["-c", "user.name=Robin", "-c", "user.email=robin@acme.example", "-c", "commit.gpgsign=false"];

async function git(cwd: string, path: string, args: readonly string[]): Promise<void> {
  const env = { PATH: path, HOME: cwd, GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1" };
  await promisify(execFile)("git", [...identity, ...args], { cwd, env });
}

/** A git repository with these files in one commit on main. */
export async function makeRepository(folder: string, path: string, files: ProjectFiles): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  await git(folder, path, ["init", "--quiet", "--initial-branch=main"]);
  await git(folder, path, ["add", "--all"]);
  await git(folder, path, ["commit", "--quiet", "--message=Start"]);
}

/** A folder that serves as git host: `<host>/owner/name.git`, bare, as GitHub has them. */
export async function makeGitHost(
  host: string,
  path: string,
  repositories: Readonly<Record<string, ProjectFiles>>,
): Promise<void> {
  for (const [name, files] of Object.entries(repositories)) {
    const source = join(`${host}-sources`, name);
    await makeRepository(source, path, files);
    await mkdir(dirname(join(host, name)), { recursive: true });
    await git(host, path, ["clone", "--quiet", "--bare", source, `${join(host, name)}.git`]);
  }
}
