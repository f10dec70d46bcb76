import { MAX_FILE_BYTES, MAX_FILES, MAX_FILES_BYTES } from "../../contract/message-file.ts";
import { toError } from "../../lib/errors.ts";
import type { SlackFile } from "./post.ts";

export interface DownloadedFile {
  name: string;
  mediaType: string;
  content: Buffer;
}

/** What became of one file; `why` is empty when it was taken. */
export interface FileVerdict {
  name: string;
  size: number;
  why: string;
}

export interface DownloadRules {
  token: string;
  /** SLACK_API_URL; with Slack's own, files lie on Slack's file hosts. */
  apiUrl: string;
}

/** Refused or failed in a way that trying again would not change. */
class NotTaken extends Error {}

const DOWNLOAD_MS = 60_000;
/** Where Slack keeps files; the bot's token goes nowhere else. */
const FILE_HOSTS: ReadonlySet<string> = new Set(["files.slack.com", "slack-files.com", "files.slack-gov.com"]);
const MIB = 1024 ** 2;

/** Whether the token of a workspace may be sent there: to Slack's file hosts, and to the stand-in of a test. */
export function mayFetch(address: string, apiUrl: string): boolean {
  if (!URL.canParse(address)) return false;
  const url = new URL(address);
  const api = new URL(apiUrl);
  if (url.username !== "" || url.password !== "") return false;
  if (url.origin === api.origin) return true;
  return url.protocol === "https:" && url.port === "" && FILE_HOSTS.has(url.hostname);
}

const mib = (bytes: number): string => `${Math.ceil(bytes / MIB)} MiB`;
const tooLarge = () => new NotTaken(`larger than ${mib(MAX_FILE_BYTES)}`);

const nameOf = (file: SlackFile): string => (file.name ?? file.title ?? file.id).slice(0, 255);

async function readBounded(response: Response, signal: AbortSignal): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  if (!response.body) return Buffer.alloc(0);
  for await (const part of response.body) {
    bytes += part.byteLength;
    if (bytes > MAX_FILE_BYTES) throw tooLarge();
    parts.push(part);
    signal.throwIfAborted();
  }
  return Buffer.concat(parts);
}

/** A login page instead of the file is how Slack says that the token may not read it. */
function checkAnswer(response: Response, file: SlackFile): void {
  const type = response.headers.get("content-type") ?? "";
  if (response.status >= 300 && response.status < 400)
    throw new NotTaken("Slack wants a sign-in for it: the app needs the scope files:read");
  if (response.status >= 500 || response.status === 429) throw new Error(`Slack answered ${response.status}`);
  if (!response.ok) throw new NotTaken(`Slack answered ${response.status}`);
  if (type.startsWith("text/html") && !(file.mimetype ?? "").startsWith("text/html"))
    throw new NotTaken("Slack wants a sign-in for it: the app needs the scope files:read");
}

function addressOf(file: SlackFile, { apiUrl }: DownloadRules): string {
  if (file.mode === "external") throw new NotTaken("it lies outside of Slack");
  if (file.mode === "tombstone" || file.mode === "hidden_by_limit")
    throw new NotTaken("Slack does not have it any more");
  if ((file.size ?? 0) > MAX_FILE_BYTES) throw tooLarge();
  const address = file.url_private_download ?? file.url_private;
  if (address == null) throw new NotTaken("Slack does not say where it lies");
  if (!mayFetch(address, apiUrl)) throw new NotTaken("it lies outside of Slack");
  return address;
}

async function download(file: SlackFile, rules: DownloadRules, signal: AbortSignal): Promise<DownloadedFile> {
  const address = addressOf(file, rules);
  const response = await fetch(address, {
    headers: { authorization: `Bearer ${rules.token}` },
    redirect: "manual",
    signal: AbortSignal.any([signal, AbortSignal.timeout(DOWNLOAD_MS)]),
  });
  try {
    checkAnswer(response, file);
    const content = await readBounded(response, signal);
    return { name: nameOf(file), mediaType: file.mimetype ?? "application/octet-stream", content };
  } finally {
    await response.body?.cancel().catch(() => {});
  }
}

/** Fetches what a post brought, one after the other, and says of each what became of it. */
export async function downloadFiles(
  files: readonly SlackFile[],
  rules: DownloadRules,
  signal: AbortSignal,
): Promise<{ taken: DownloadedFile[]; verdicts: FileVerdict[] }> {
  const taken: DownloadedFile[] = [];
  const verdicts: FileVerdict[] = [];
  let bytes = 0;
  for (const file of files) {
    try {
      if (taken.length >= MAX_FILES) throw new NotTaken(`more than ${MAX_FILES} files at once`);
      const got = await download(file, rules, signal);
      if (bytes + got.content.length > MAX_FILES_BYTES)
        throw new NotTaken(`more than ${mib(MAX_FILES_BYTES)} together`);
      bytes += got.content.length;
      taken.push(got);
      verdicts.push({ name: got.name, size: got.content.length, why: "" });
    } catch (error) {
      signal.throwIfAborted();
      const why = error instanceof NotTaken ? error.message : `fetching it failed (${toError(error).message})`;
      verdicts.push({ name: nameOf(file), size: file.size ?? 0, why });
    }
  }
  return { taken, verdicts };
}

/** `notes.txt: taken (2 KB)` */
export const verdictLine = ({ name, size, why }: FileVerdict): string =>
  why === "" ? `${name}: taken (${Math.max(1, Math.round(size / 1024))} KB)` : `${name}: not taken, ${why}`;
