/** What the operating system says when nobody listens there, or the way there is cut. */
const UNREACHABLE = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ETIMEDOUT",
  "EHOSTUNREACH",
]);
/** SQLSTATEs of connections (08), of too many of them (53300), and of a server that stops or starts (57P01 to 57P03). */
const NOT_NOW = /^(?:08|53300$|57P0[123]$)/u;
/** What the driver says without a code. */
const BROKEN =
  /^(?:Connection terminated|timeout exceeded when trying to connect|timeout expired|Client has encountered a connection error|Client was closed and is not queryable)/u;

/** Whether the database could not be asked at all: it is away, starting, stopping or full. Not: it refused what was asked. */
export function isDatabaseOutage(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false;
  const code = "code" in thrown && typeof thrown.code === "string" ? thrown.code : "";
  if (UNREACHABLE.has(code) || NOT_NOW.test(code) || BROKEN.test(thrown.message)) return true;
  // A unix socket that is not there; of files this would be somebody else's error.
  return code === "ENOENT" && "syscall" in thrown && thrown.syscall === "connect";
}
