import { expect, test } from "vitest";
import { checkCronLine, checkTimeZone, lastDues, nextDues } from "../../../src/lib/cron-line.ts";

const dues = (line: string, after: string, count: number, zone = "Europe/Berlin") =>
  nextDues(line, zone, new Date(after), count).map((at) => at.toISOString().slice(5, 16));

// In 2026 clocks in Berlin go from 02:00 to 03:00 on 29 March (01:00Z), and from 03:00 back to 02:00 on 25 October (01:00Z).
const SPRING = "2026-03-28T12:00:00Z";
const AUTUMN = "2026-10-24T12:00:00Z";

test("a named time that does not exist is due at the first moment after the gap, and only that day", () => {
  expect(dues("30 2 * * *", SPRING, 2)).toEqual(["03-29T01:00", "03-30T00:30"]);
  expect(dues("15,45 2 * * *", SPRING, 2), "both would be at the same moment").toEqual(["03-29T01:00", "03-30T00:15"]);
});

test("a named time that exists twice is due once, the first time", () => {
  expect(dues("30 2 * * *", AUTUMN, 2)).toEqual(["10-25T00:30", "10-26T01:30"]);
  expect(dues("30 2,14 * * *", "2026-10-24T13:00:00Z", 3)).toEqual(["10-25T00:30", "10-25T13:30", "10-26T01:30"]);
});

test("a line with * or / follows the clock: real time goes on evenly", () => {
  expect(dues("*/30 * * * *", "2026-03-29T00:20:00Z", 3)).toEqual(["03-29T00:30", "03-29T01:00", "03-29T01:30"]);
  expect(dues("*/30 * * * *", "2026-10-24T23:50:00Z", 5)).toEqual([
    "10-25T00:00",
    "10-25T00:30",
    "10-25T01:00",
    "10-25T01:30",
    "10-25T02:00",
  ]);
  expect(dues("*/30 2 * * *", SPRING, 1), "the hour is not there that day").toEqual(["03-30T00:00"]);
});

test("both days given: either is enough, as cron has it", () => {
  expect(dues("0 0 13 * fri", "2026-11-10T00:00:00Z", 2, "UTC")).toEqual(["11-13T00:00", "11-20T00:00"]);
});

test("looking back finds the same times as looking ahead, also where clocks change", () => {
  for (const zone of ["Europe/Berlin", "America/Santiago", "Australia/Lord_Howe"])
    for (const line of ["30 2 * * *", "*/15 2 * * *", "0 0 * * *", "15 0-3 * * *"])
      for (const from of [SPRING, AUTUMN, "2026-09-05T00:00:00Z", "2026-04-04T00:00:00Z", "2026-10-03T00:00:00Z"]) {
        const ahead = nextDues(line, zone, new Date(from), 12);
        const last = ahead.at(-1) ?? new Date(0);
        expect(lastDues(line, zone, last, 12).toReversed(), `${line} ${zone} ${from}`).toEqual(ahead);
      }
});

test("the last due times go up to and with the moment itself", () => {
  const at = new Date("2026-11-21T09:00:00.400Z");
  expect(lastDues("0 9 * * *", "UTC", at, 1)[0]?.toISOString()).toBe("2026-11-21T09:00:00.000Z");
  expect(lastDues("0 9 * * *", "UTC", new Date("2026-11-21T09:00:00Z"), 1)[0]?.toISOString()).toBe(
    "2026-11-21T09:00:00.000Z",
  );
  expect(lastDues("0 9 * * *", "UTC", new Date("2026-11-21T08:59:59.999Z"), 1)[0]?.toISOString()).toBe(
    "2026-11-20T09:00:00.000Z",
  );
});

test.each([
  ["* * * *", "must have 5 fields"],
  ["@daily", "must have 5 fields"],
  ["0 0 9 * * * 2027", "must have 5 fields"],
  ["60 * * * *", 'has "60" for the minute, which takes'],
  ["0 24 * * *", 'has "24" for the hour, which takes'],
  ["0 0 32 * *", 'has "32" for the day of month, which takes'],
  ["0 0 * 13 *", 'has "13" for the month, which takes'],
  ["0 0 * * 8", 'has "8" for the day of week, which takes'],
  ["61 * * * * *", 'has "61" for the second, which takes'],
  ["*/0 * * * *", 'has "*/0" for the minute, which takes'],
  ["H * * * *", 'has "H" for the minute, which takes'],
  ["5-1 * * * *", 'has "5-1" for the minute, which takes'],
  ["0 9 * * +1", 'has "+1" for the day of week, which takes'],
  ["0 0 30 2 *", "never comes"],
])("%j is refused: %s", (line, message) => {
  expect(() => checkCronLine("body.cron", line)).toThrow(`body.cron ${message}`);
});

test.each(["* * * * *", "*/5 9-17 * * mon-fri", "0 30 2 1,15 jan *", "0 0 L * *", "0 9 * * 1#2", "0 0 29 2 *"])(
  "%j is a cron line",
  (line) => {
    expect(() => checkCronLine("body.cron", line)).not.toThrow();
  },
);

test.each(["Mars/Phobos", "+02:00", "", "Berlin"])("%j is no time zone", (zone) => {
  expect(() => checkTimeZone("body.timeZone", zone)).toThrow("body.timeZone must be an IANA time zone");
});
