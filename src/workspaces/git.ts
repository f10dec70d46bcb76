import { execa } from "execa";
import {
  type Environment,
  type GitToken,
  localEnvironment,
  networkEnvironment,
  tokenForms,
} from "./git-environment.ts";

const LOCAL_TIMEOUT_MS = 120_000;
const NETWORK_TIMEOUT_MS = 15 * 60_000;
/** How long a remote may say nothing at all. */
const NETWORK_SILENCE_MS = 120_000;
const KILL_DELAY_MS = 2_000;
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/** git ended badly. `stderr` may hold what a remote said: explainGitFailure makes a text for people out of it. */
export class GitError extends Error {
  override readonly name = "GitError";
  readonly stderr: string;
  readonly exitCode: number | undefined;

  constructor(command: string, failure: { stderr: string; exitCode?: number | undefined; why?: string | undefined }) {
    const lastLine = failure.stderr.trim().split("\n").at(-1) ?? "";
    super(`git ${command}: ${failure.why ?? (lastLine || `exit code ${failure.exitCode}`)}`);
    this.stderr = failure.stderr;
    this.exitCode = failure.exitCode;
  }
}

export interface GitOptions {
  cwd: string;
  /** The repository. Always named: git never looks for one by itself. Null for commands that make one. */
  gitDir: string | null;
  workTree?: string;
  indexFile?: string;
  /** Where new objects are written, when not in the repository itself. */
  objectStore?: string;
  input?: string | Uint8Array;
  signal?: AbortSignal | undefined;
  timeoutMs?: number;
  /** Transports git may use; none unless named. */
  protocols?: readonly string[];
  /** Exit codes that are answers, not failures. */
  okCodes?: readonly number[];
  /** Keeps this many bytes of the output and says so, where more is not a failure. */
  cutOutputAt?: number;
}

export interface GitOutput {
  stdout: Buffer;
  exitCode: number;
  truncated: boolean;
}

export interface RemoteOptions {
  /** A bare repository of ours: networked git never runs in a directory an agent can write. */
  cwd: string;
  url: string;
  protocols: readonly string[];
  signal: AbortSignal;
  /** Hears what git says while it works, such as `Receiving objects:  42% (…)`. */
  onProgress?: (text: string) => void;
}

export type Git = ReturnType<typeof createGit>;

export interface GitParts {
  /** Where PATH, proxies and keys are taken from, by name. */
  environment: Environment;
  /** The token for one host, if there is one; kept out of everything git says. */
  token?: GitToken | undefined;
}

/** The only door to git. */
export function createGit({ environment, token }: GitParts) {
  const scrub = createScrubber(token);

  async function remote(args: readonly string[], options: RemoteOptions): Promise<GitOutput> {
    const env = networkEnvironment(environment, { protocols: options.protocols, token });
    using silence = watchSilence(NETWORK_SILENCE_MS);
    const call: GitOptions = { ...options, gitDir: options.cwd, timeoutMs: NETWORK_TIMEOUT_MS };
    const running = start(args, call, { env, signal: AbortSignal.any([options.signal, silence.signal]) });
    running.stderr.on("data", (chunk: Buffer) => {
      silence.reset();
      options.onProgress?.(chunk.toString());
    });
    const ending = await running;
    if (silence.signal.aborted)
      throw new GitError(args[0] ?? "", { stderr: "", why: "timed out: the host said nothing" });
    return judge(args, call, ending, scrub);
  }

  return {
    /** Runs git on this machine's files: no hooks, no transports, no configuration that could start a program. */
    async run(args: readonly string[], options: GitOptions): Promise<GitOutput> {
      const env = localEnvironment(environment, options.protocols);
      return judge(args, options, await start(args, options, { env, signal: options.signal }), scrub);
    },

    /** Brings a remote's refs into a bare repository of ours. */
    async fetch(refspecs: readonly string[], options: RemoteOptions): Promise<void> {
      const how = ["--prune", "--no-tags", "--no-write-fetch-head", "--progress"];
      await remote(["fetch", ...how, "--", options.url, ...refspecs], options);
    },

    /** What `git ls-remote --symref` says about these refs. */
    listRemote: async (refs: readonly string[], options: RemoteOptions): Promise<string> =>
      (await remote(["ls-remote", "--symref", "--", options.url, ...refs], options)).stdout.toString(),
  };
}

/** Starts git in a process group of its own, so that its helpers end with it. */
function start(
  args: readonly string[],
  options: GitOptions,
  { env, signal }: { env: Record<string, string>; signal: AbortSignal | undefined },
) {
  return execa("git", args, {
    cwd: options.cwd,
    env: { ...env, ...repositoryVariables(options) },
    extendEnv: false,
    encoding: "buffer",
    stripFinalNewline: false,
    reject: false,
    ...(options.input === undefined ? { stdin: "ignore" as const } : { input: options.input }),
    timeout: options.timeoutMs ?? LOCAL_TIMEOUT_MS,
    forceKillAfterDelay: KILL_DELAY_MS,
    killDescendants: true,
    maxBuffer: options.cutOutputAt ?? MAX_OUTPUT_BYTES,
    ...(signal && { cancelSignal: signal }),
  });
}

/** A signal that fires when `reset` was not called for this long. */
function watchSilence(ms: number): { signal: AbortSignal; reset(): void } & Disposable {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), ms);
  return { signal: controller.signal, reset: () => void timer.refresh(), [Symbol.dispose]: () => clearTimeout(timer) };
}

function repositoryVariables({ gitDir, workTree, indexFile, objectStore }: GitOptions): Record<string, string> {
  return {
    ...(gitDir !== null && { GIT_DIR: gitDir }),
    ...(workTree !== undefined && { GIT_WORK_TREE: workTree }),
    ...(indexFile !== undefined && { GIT_INDEX_FILE: indexFile }),
    ...(objectStore !== undefined && { GIT_OBJECT_DIRECTORY: objectStore }),
  };
}

/** What is read of execa's result, whichever way the process ended. */
interface Ending {
  exitCode?: number | undefined;
  stdout?: Uint8Array | undefined;
  stderr?: Uint8Array | undefined;
  isMaxBuffer: boolean;
  timedOut: boolean;
  code?: string | undefined;
  shortMessage?: string | undefined;
}

type Scrub = (text: string) => string;

/** Takes out what must not be repeated: the token in each of its forms, and passwords in addresses. */
function createScrubber(token: GitToken | undefined): Scrub {
  const secrets = token ? tokenForms(token.value) : [];
  return (text) =>
    secrets
      .reduce((clean, secret) => clean.replaceAll(secret, "[redacted]"), text)
      .replaceAll(/(\/\/)[^/\s@']+@/g, "$1[redacted]@");
}

function judge(args: readonly string[], options: GitOptions, ending: Ending, scrub: Scrub): GitOutput {
  options.signal?.throwIfAborted();
  const stdout = Buffer.from(ending.stdout ?? []);
  if (ending.isMaxBuffer && options.cutOutputAt !== undefined) return { stdout, exitCode: 0, truncated: true };
  const { exitCode } = ending;
  if (exitCode !== undefined && [0, ...(options.okCodes ?? [])].includes(exitCode))
    return { stdout, exitCode, truncated: false };
  throw new GitError(args.find((word) => !word.startsWith("-")) ?? "", {
    stderr: scrub(Buffer.from(ending.stderr ?? []).toString()),
    exitCode,
    why: unusualEnd(ending),
  });
}

function unusualEnd(ending: Ending): string | undefined {
  if (ending.timedOut) return "timed out";
  if (ending.isMaxBuffer) return "wrote more than can be kept";
  if (ending.code === "ENOENT") return "git is not installed, or the folder is gone";
  return ending.exitCode === undefined ? ending.shortMessage : undefined;
}
