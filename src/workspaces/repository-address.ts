import { isIP } from "node:net";
import { isAbsolute } from "node:path";
import { invalidField } from "../lib/errors.ts";

export interface RepositoryAddress {
  /** What git fetches from. Holds no secret. */
  url: string;
  /** The last part of its path, fit for a folder name. */
  name: string;
  /** The one transport git may use for it. */
  protocol: "https" | "http" | "ssh" | "file";
}

interface Rules {
  githubBaseUrl: string;
  loopback: boolean;
}

const SHORTHAND = /^[A-Za-z0-9][\w-]{0,99}\/(?!\.{1,2}$)[\w.-]{1,100}$/;
const SCP = /^(?:[A-Za-z0-9_][\w.-]*@)(?<host>[A-Za-z0-9[][\w.:[\]-]*):(?<path>[^-\s][^\s]*)$/;
const MAX_NAME = 60;

const refuse = (rule: string) => invalidField("githubRepo", rule);

/** A file name that is a file name everywhere: no leading dot or dash, nothing a shell or a terminal would notice. */
export function folderName(text: string): string {
  const last = text.replace(/\/+$/, "").split(/[/:]/).at(-1) ?? "";
  const name = last
    .replace(/\.git$/i, "")
    .replaceAll(/[^A-Za-z0-9._-]+/g, "-")
    .replace(/^[.-]+/, "")
    .slice(0, MAX_NAME)
    .replace(/[.-]+$/, "");
  return name || "repository";
}

const LOOPBACK_HOSTS = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** Addresses of the machine's own cloud: nothing that is a repository lives there. */
const isMetadataHost = (host: string): boolean =>
  host.startsWith("169.254.") ||
  /^\[fe[89ab]/i.test(host) ||
  host === "metadata.google.internal" ||
  /^\[fd00:ec2:/i.test(host);

function parseUrl(text: string): URL {
  try {
    return new URL(text);
  } catch {
    throw refuse("must be owner/repo or a git URL");
  }
}

function checkWebUrl(url: URL, { githubBaseUrl, loopback }: Rules): void {
  if (url.username || url.password)
    throw refuse("must not hold a user name or password: put the token into GITHUB_TOKEN");
  if (url.search || url.hash) throw refuse("must be a git URL without ? and #");
  if (isMetadataHost(url.hostname)) throw refuse("must not point at a link-local or metadata address");
  const isOurBase = url.origin === new URL(githubBaseUrl).origin;
  if (url.protocol === "http:" && !isOurBase && !(loopback && LOOPBACK_HOSTS.has(url.hostname)))
    throw refuse("must use https");
}

function webAddress(url: URL, rules: Rules): RepositoryAddress {
  checkWebUrl(url, rules);
  if (!/^\/[^/]/.test(url.pathname)) throw refuse("must name a repository");
  const named = url.pathname.replace(/\/+$/, "");
  // One repository, one cache: GitHub's own URLs end in .git.
  const isGithub = url.origin === new URL(rules.githubBaseUrl).origin;
  const path = isGithub && !named.endsWith(".git") ? `${named}.git` : named;
  return { url: `${url.origin}${path}`, name: folderName(path), protocol: url.protocol === "http:" ? "http" : "https" };
}

function sshAddress(url: URL): RepositoryAddress {
  if (url.password) throw refuse("must not hold a password");
  if (!url.hostname || url.hostname.startsWith("-") || url.username.startsWith("-")) throw refuse("must name a host");
  if (isMetadataHost(url.hostname)) throw refuse("must not point at a link-local or metadata address");
  if (!/^\/[^/-]/.test(url.pathname)) throw refuse("must name a repository");
  return { url: url.href, name: folderName(url.pathname), protocol: "ssh" };
}

function fileAddress(path: string, { loopback }: Rules): RepositoryAddress {
  if (!loopback) throw refuse("must not be a folder of the server");
  return { url: path, name: folderName(path), protocol: "file" };
}

function decodePath(url: URL): string {
  try {
    return decodeURIComponent(url.pathname);
  } catch {
    throw refuse("must be a valid file URL");
  }
}

function urlAddress(text: string, rules: Rules): RepositoryAddress {
  const url = parseUrl(text);
  switch (url.protocol) {
    case "https:":
    case "http:":
      return webAddress(url, rules);
    case "ssh:":
      return sshAddress(url);
    case "file:":
      if (url.host) throw refuse("must be a file URL without a host");
      return fileAddress(decodePath(url), rules);
    default:
      throw refuse("must be owner/repo or an https or ssh URL");
  }
}

/** `owner/repo` below the configured GitHub; `.git` is how its URLs end. */
function shorthandAddress(text: string, { githubBaseUrl }: Rules): RepositoryAddress {
  const base = githubBaseUrl.replace(/\/+$/, "");
  const protocol = new URL(base).protocol.replace(":", "");
  if (protocol !== "https" && protocol !== "http" && protocol !== "ssh" && protocol !== "file")
    throw refuse(`cannot be fetched from ${base}`);
  return { url: `${base}/${text.replace(/\.git$/, "")}.git`, name: folderName(text), protocol };
}

function scpAddress(text: string): RepositoryAddress {
  const host = SCP.exec(text)?.groups?.["host"] ?? "";
  if (isMetadataHost(isIP(host) === 6 ? `[${host}]` : host)) throw refuse("must not point at a metadata address");
  return { url: text, name: folderName(text), protocol: "ssh" };
}

/** What a caller named as repository, as an address git may be given. Throws for whatever is not plainly one. */
export function parseRepository(text: string, rules: Rules): RepositoryAddress {
  if (/[\u0000-\u001f\u007f\u2028\u2029]/u.test(text)) throw refuse("must not hold control characters");
  if (/\s/.test(text) && !isAbsolute(text)) throw refuse("must not hold spaces");
  if (text.startsWith("-")) throw refuse("must not begin with a dash");
  if (text.includes("::")) throw refuse("must not name a transport helper");
  if (SHORTHAND.test(text)) return shorthandAddress(text, rules);
  if (isAbsolute(text)) return fileAddress(text, rules);
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return urlAddress(text, rules);
  if (SCP.test(text)) return scpAddress(text);
  throw refuse("must be owner/repo, an https or ssh URL, or user@host:path");
}
