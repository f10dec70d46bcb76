import { AppError } from "../lib/errors.ts";
import { GitError } from "./git.ts";

interface Explanation {
  pattern: RegExp;
  text: (what: Asked) => string;
}

export interface Asked {
  /** The repository as people know it; holds no secret. */
  repository: string;
  hasToken: boolean;
}

const TOKEN_ADVICE = "set GITHUB_TOKEN to a token that may read it (ssh URLs use the server account's keys)";

/** The first that fits is told. What git says varies by transport and version, so patterns are loose. */
const EXPLANATIONS: readonly Explanation[] = [
  {
    pattern: /no space left on device|disk quota exceeded|ENOSPC/i,
    text: () => "The disk is full: free some space, then send the message again",
  },
  {
    pattern: /host key verification failed/i,
    text: ({ repository }) => `The ssh host of ${repository} is not known to the server: add it to known_hosts`,
  },
  {
    pattern:
      /could not read (?:username|password)|terminal prompts disabled|authentication failed|permission denied \(|(?:error: |returned error: )40[13]|invalid username or (?:password|token)/i,
    text: ({ repository, hasToken }) =>
      hasToken
        ? `Access to ${repository} was refused: the GITHUB_TOKEN may not read it, or it does not exist`
        : `${repository} needs authentication, or does not exist: ${TOKEN_ADVICE}`,
  },
  {
    pattern:
      /repository .*not found|repository not found|does not appear to be a git repository|does not exist|returned error: 404|no such file or directory/i,
    text: ({ repository, hasToken }) =>
      `The repository ${repository} was not found: check its name${hasToken ? "" : `; if it is private, ${TOKEN_ADVICE}`}`,
  },
  {
    pattern: /dubious ownership/i,
    text: ({ repository }) => `${repository} belongs to another account of the server; git does not read it`,
  },
  {
    pattern:
      /timed out|could not resolve|couldn't resolve|connection refused|connection reset|failed to connect|unreachable|no route to host|operation too slow|early EOF|remote end hung up|empty reply|returned error: 5\d\d/i,
    text: ({ repository }) =>
      `The host of ${repository} could not be reached: check the network, then send the message again`,
  },
  {
    pattern: /certificate|SSL|TLS/,
    text: ({ repository }) => `The certificate of the host of ${repository} was not accepted`,
  },
];

/** The text a person reads when git failed: what it means and what to do. Anything that is not git's is passed on. */
export function explainGitFailure(error: unknown, asked: Asked): unknown {
  if (!(error instanceof GitError)) return error;
  const said = `${error.message}\n${error.stderr}`;
  const explanation = EXPLANATIONS.find(({ pattern }) => pattern.test(said));
  const text = explanation?.text(asked) ?? `git could not read ${asked.repository}: ${error.message.slice(0, 300)}`;
  return new AppError("upstream_failed", text, { cause: error });
}

/** The same for git on this machine's own files, where a missing file means no more than that. */
export function explainLocalFailure(error: unknown, path: string): unknown {
  if (!(error instanceof GitError)) return error;
  const [diskFull] = EXPLANATIONS;
  if (diskFull?.pattern.test(error.stderr)) return explainGitFailure(error, { repository: path, hasToken: true });
  return new AppError("upstream_failed", `git failed in ${path}: ${error.message.slice(0, 300)}`, { cause: error });
}
