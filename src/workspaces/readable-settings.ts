import type { Repository } from "./git-repository.ts";
import type { Git } from "./git.ts";

const READABLE = /^core\.(autocrlf|eol|filemode|symlinks|ignorecase|sparsecheckout)$/;
const PLAIN_VALUE = /^(true|false|input|lf|crlf|native)$/;

/**
 * A repository's settings that say how files and their contents are written and compared, as lines of configuration.
 * They are the only ones we take over: none of them can name a program.
 */
export async function readSettings(
  git: Git,
  { gitDir }: Pick<Repository, "gitDir">,
  signal?: AbortSignal,
): Promise<string[]> {
  const { stdout } = await git.run(["config", "--null", "--get-regexp", "^core\\."], {
    cwd: gitDir,
    gitDir,
    signal,
    okCodes: [1],
  });
  return stdout
    .toString()
    .split("\0")
    .flatMap((setting) => {
      const [name = "", value = "true"] = setting.split("\n", 2);
      return READABLE.test(name) && PLAIN_VALUE.test(value) ? [`\t${name.slice("core.".length)} = ${value}`] : [];
    });
}
