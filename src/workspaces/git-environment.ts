/** What git and ssh need of the machine to reach a remote: where programs and keys are, proxies, CA files. */
const NETWORK_NAMES = new Set([
  "HOME",
  "USER",
  "LOGNAME",
  "XDG_CONFIG_HOME",
  "SSH_AUTH_SOCK",
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "ALL_PROXY",
  "NO_PROXY",
  "GIT_SSL_CAINFO",
  "GIT_SSL_CAPATH",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
  "CURL_CA_BUNDLE",
]);

const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

export type Environment = Readonly<Record<string, string | undefined>>;
export type GitConfig = readonly (readonly [key: string, value: string])[];

/** Outweighs every configuration file, and reaches the processes git starts: nothing here may run a program. */
const SAFE_CONFIG: GitConfig = [
  ["core.hooksPath", "/dev/null"],
  ["core.fsmonitor", "false"],
  ["core.attributesFile", "/dev/null"],
  ["diff.external", ""],
  ["log.showSignature", "false"],
  ["commit.gpgSign", "false"],
  ["tag.gpgSign", "false"],
  ["submodule.recurse", "false"],
  ["fetch.recurseSubmodules", "false"],
  ["protocol.ext.allow", "never"],
  ["safe.directory", "*"],
  ["gc.auto", "0"],
  ["maintenance.auto", "false"],
  ["core.quotePath", "false"],
];

/** Configuration as environment variables, where neither `ps` nor a file shows it. */
function configVariables(config: GitConfig): Record<string, string> {
  const variables: Record<string, string> = { GIT_CONFIG_COUNT: String(config.length) };
  config.forEach(([key, value], index) => {
    variables[`GIT_CONFIG_KEY_${index}`] = key;
    variables[`GIT_CONFIG_VALUE_${index}`] = value;
  });
  return variables;
}

const COMMON = {
  LC_ALL: "C",
  GIT_TERMINAL_PROMPT: "0",
  GIT_OPTIONAL_LOCKS: "0",
  GIT_NO_LAZY_FETCH: "1",
  GIT_NO_REPLACE_OBJECTS: "1",
  GIT_LITERAL_PATHSPECS: "1",
  GIT_ATTR_NOSYSTEM: "1",
  GIT_ADVICE: "0",
  // Who makes snapshots. The date does not count: the same content is to have the same id.
  GIT_AUTHOR_NAME: "claude-orchestrator",
  GIT_AUTHOR_EMAIL: "claude-orchestrator@localhost",
  GIT_AUTHOR_DATE: "@0 +0000",
  GIT_COMMITTER_NAME: "claude-orchestrator",
  GIT_COMMITTER_EMAIL: "claude-orchestrator@localhost",
  GIT_COMMITTER_DATE: "@0 +0000",
} as const;

/**
 * For git that stays on this machine: no configuration but ours and the repository's own (outweighed by ours), no home,
 * no transport. `protocols` may allow `file`, for bundles and our own caches.
 */
export function localEnvironment(environment: Environment, protocols: readonly string[] = []): Record<string, string> {
  return {
    ...COMMON,
    ...configVariables(SAFE_CONFIG),
    PATH: environment["PATH"] ?? DEFAULT_PATH,
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_ALLOW_PROTOCOL: protocols.join(":"),
  };
}

/** A header git adds to requests below one address and to no others. */
export interface GitToken {
  /** Such as `https://github.com`. */
  baseUrl: string;
  value: string;
}

/** GitHub takes a token as the password of any user name. */
const basicHeader = (token: string) =>
  `Authorization: Basic ${Buffer.from(`x-access-token:${token}`).toString("base64")}`;

/** The forms a token takes in what git is given; none of them may leave us. */
export const tokenForms = (token: string): string[] => [
  token,
  Buffer.from(`x-access-token:${token}`).toString("base64"),
];

const SSH = "ssh -o BatchMode=yes -o ConnectTimeout=20 -o ServerAliveInterval=15 -o ServerAliveCountMax=4";

/**
 * For git that talks to a remote, in our own cache only. The account's configuration counts here: its proxy, its
 * credential helper, its `insteadOf`. The token is scoped to the host it is for.
 */
export function networkEnvironment(
  environment: Environment,
  { protocols, token }: { protocols: readonly string[]; token?: GitToken | undefined },
): Record<string, string> {
  const config: GitConfig = [
    ...SAFE_CONFIG,
    ["http.lowSpeedLimit", "1000"],
    ["http.lowSpeedTime", "60"],
    ...(token ? [[`http.${token.baseUrl.replace(/\/+$/, "")}/.extraheader`, basicHeader(token.value)] as const] : []),
  ];
  const passed = Object.entries(environment).filter(([name]) => NETWORK_NAMES.has(name.toUpperCase()));
  return {
    ...Object.fromEntries(passed.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]))),
    ...COMMON,
    ...configVariables(config),
    PATH: environment["PATH"] ?? DEFAULT_PATH,
    GIT_ALLOW_PROTOCOL: protocols.join(":"),
    GIT_SSH_COMMAND: SSH,
    GCM_INTERACTIVE: "never",
  };
}
