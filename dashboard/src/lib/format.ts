const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long ago, in as few letters as a list has room for: `56s`, `18m`, `3h`, `12d`. */
export function shortAge(from: string, now: number): string {
  const ms = Math.max(0, now - Date.parse(from));
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)}s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)}m`;
  if (ms < DAY) return `${Math.floor(ms / HOUR)}h`;
  return `${Math.floor(ms / DAY)}d`;
}

/** The same for reading aloud: `56 seconds`. */
export function spokenAge(from: string, now: number): string {
  const short = shortAge(from, now);
  const word = { s: "second", m: "minute", h: "hour", d: "day" }[short.slice(-1)] ?? "";
  const amount = short.slice(0, -1);
  return `${amount} ${word}${amount === "1" ? "" : "s"} ago`;
}

/** A length of time: `800 ms`, `4.2 s`, `42 s`, `1m 20s`, `2h 05m`. */
export function duration(ms: number): string {
  if (ms < SECOND) return `${Math.round(ms)} ms`;
  if (ms < 10 * SECOND) return `${(ms / SECOND).toFixed(1)} s`;
  if (ms < MINUTE) return `${Math.round(ms / SECOND)} s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)}m ${String(Math.floor((ms % MINUTE) / SECOND)).padStart(2, "0")}s`;
  return `${Math.floor(ms / HOUR)}h ${String(Math.floor((ms % HOUR) / MINUTE)).padStart(2, "0")}m`;
}

/** A running clock, in whole seconds so that it ticks evenly. */
export function clock(ms: number): string {
  const whole = Math.max(0, Math.floor(ms / SECOND)) * SECOND;
  return whole < MINUTE ? `${whole / SECOND} s` : duration(whole);
}

const time = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const full = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });

/** `14:45` today, `12 Nov` before. */
export function moment(at: string, now: number): string {
  const date = new Date(at);
  return date.toDateString() === new Date(now).toDateString() ? time.format(date) : day.format(date);
}

const coming = new Intl.DateTimeFormat("en-GB", {
  weekday: "short",
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
});

/** A time to come: `today, 14:45`, `Mon 23 Nov, 09:00`. */
export const comingTime = (at: string, now: number): string =>
  new Date(at).toDateString() === new Date(now).toDateString()
    ? `today, ${timeOfDay(at)}`
    : coming.format(new Date(at));

export const timeOfDay = (at: string): string => time.format(new Date(at));
export const fullTime = (at: string): string => full.format(new Date(at));

/** Dollars with two decimals; small sums that are not nothing say so. */
export function money(usd: number): string {
  return usd > 0 && usd < 0.005 ? "<$0.01" : `$${usd.toFixed(2)}`;
}

/** A count with a thin space from 1 000 on. */
export function count(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/gu, "\u2009");
}

/** Many tokens: `940`, `12.4k`, `1.2M`. */
export function tokens(value: number): string {
  if (value < 1_000) return String(value);
  if (value < 1_000_000) return `${(value / 1_000).toFixed(value < 10_000 ? 1 : 0)}k`;
  return `${(value / 1_000_000).toFixed(1)}M`;
}

const UNITS = ["bytes", "kB", "MB", "GB"];

/** A size: `12 bytes`, `3.4 kB`, `18 MB`. */
export function fileSize(bytes: number): string {
  const at = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), UNITS.length - 1);
  const value = bytes / 1_000 ** at;
  return `${at > 0 && value < 9.95 ? value.toFixed(1) : Math.round(value)} ${bytes === 1 ? "byte" : UNITS[at]}`;
}

export const plural = (value: number, word: string): string => `${count(value)} ${word}${value === 1 ? "" : "s"}`;

/** The last part of `owner/repo`, a git address or a folder. */
export function repoName(session: { githubRepo: string | null; projectPath: string | null }): string {
  const whole = session.githubRepo ?? session.projectPath ?? "";
  return (
    whole
      .replace(/\/+$/u, "")
      .replace(/\.git$/u, "")
      .split(/[/:]/u)
      .at(-1) ?? ""
  );
}

/** One line of Markdown as plain words, for places that have no room for more. */
export const plainLine = (text: string): string =>
  text
    .replace(/^\s*(?:>|#{1,6}|[-*]|\d+\.)\s+/u, "")
    .replaceAll(/\*\*|__|`/gu, "")
    .replaceAll(/\[([^\]]+)\]\([^)]*\)/gu, "$1");

export const shortId = (id: string): string => id.slice(0, 8);
