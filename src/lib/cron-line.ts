import { Cron } from "croner";
import { invalidField } from "./errors.ts";

interface Part {
  name: string;
  range: string;
}

const SECOND: Part = { name: "second", range: "0 to 59" };
const PARTS: readonly Part[] = [
  { name: "minute", range: "0 to 59" },
  { name: "hour", range: "0 to 23" },
  { name: "day of month", range: "1 to 31, or L for the last" },
  { name: "month", range: "1 to 12, or jan to dec" },
  { name: "day of week", range: "0 to 7 (0 and 7 are Sunday), or sun to sat" },
];
/** croner takes more, such as `+`, whose meaning few would guess. */
const PLAIN = /^[\w*,/?#-]+$/;

/**
 * `no-wildcard`: a line that names its hours and minutes is meant to happen. At a time that does not exist it is due at
 * the first moment after; at one that exists twice it is due the first time only. With * or / it follows the clock.
 */
const parse = (line: string, timeZone: string): Cron =>
  new Cron(line, { timezone: timeZone, paused: true, fixedTimeRule: "no-wildcard" });

function isParsed(line: string): boolean {
  try {
    parse(line, "UTC");
    return true;
  } catch {
    return false;
  }
}

/** A cron line of 5 fields, or of 6 with the seconds in front. AppError "invalid" names `field`, and what is wrong in it. */
export function checkCronLine(field: string, line: string): void {
  const given = line.trim().split(/\s+/);
  const parts = given.length === PARTS.length + 1 ? [SECOND, ...PARTS] : PARTS;
  if (given.length !== parts.length)
    throw invalidField(
      field,
      "must have 5 fields (minute, hour, day of month, month, day of week), or 6 with seconds in front",
    );
  for (const [index, { name, range }] of parts.entries()) {
    const text = given[index] ?? "";
    const alone = parts.map((_, at) => (at === index ? text : "*")).join(" ");
    if (!PLAIN.test(text) || !isParsed(alone))
      throw invalidField(
        field,
        `has ${JSON.stringify(text)} for the ${name}, which takes ${range}, * for every, lists 1,2, ranges 1-5 and steps */2`,
      );
  }
  if (!nextDue(line, "UTC", new Date())) throw invalidField(field, "never comes: no day of any year is like that");
}

/** An IANA name of a time zone. AppError "invalid" names `field`. */
export function checkTimeZone(field: string, timeZone: string): void {
  if (!/^[A-Za-z]/.test(timeZone) || !isKnownZone(timeZone))
    throw invalidField(field, `must be an IANA time zone such as Europe/Berlin or UTC: ${JSON.stringify(timeZone)}`);
}

function isKnownZone(timeZone: string): boolean {
  try {
    return Boolean(new Intl.DateTimeFormat("en", { timeZone }));
  } catch {
    return false;
  }
}

/** When a line is due next, after a moment; undefined when never. */
export const nextDue = (line: string, timeZone: string, after: Date): Date | undefined =>
  parse(line, timeZone).nextRun(after) ?? undefined;

export const nextDues = (line: string, timeZone: string, after: Date, count: number): Date[] =>
  parse(line, timeZone).nextRuns(count, after);

/** The latest times at which a line was due, up to and with a moment, newest first. */
export const lastDues = (line: string, timeZone: string, until: Date, count: number): Date[] =>
  // It counts whole seconds, and gives what lies before.
  parse(line, timeZone).previousRuns(count, new Date(Math.floor(until.getTime() / 1000) * 1000 + 1000));
