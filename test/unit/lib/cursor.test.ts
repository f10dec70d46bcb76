import { expect, test } from "vitest";
import { CURSOR_INT, CURSOR_TIME, CURSOR_UUID, decodeCursor, encodeCursor } from "../../../src/lib/cursor.ts";

const id = "3c317c18-fe42-4acb-b739-c302d5b73085";

test("a cursor is read back as it was made", () => {
  const time = "2024-02-29T23:59:59.999Z";
  expect(decodeCursor(encodeCursor(time, id), [CURSOR_TIME, CURSOR_UUID])).toEqual([time, id]);
  expect(decodeCursor(encodeCursor(7), [CURSOR_INT])).toEqual(["7"]);
});

test.each(["2026-99-99T99:99:99.999Z", "2026-02-30T00:00:00.000Z", "0000-01-01T00:00:00.000Z"])(
  "a cursor with %s, which the database would choke on, is refused",
  (time) => {
    expect(() => decodeCursor(encodeCursor(time, id), [CURSOR_TIME, CURSOR_UUID])).toThrow("query.cursor");
  },
);

test("a cursor with a number that its column cannot hold is refused", () => {
  expect(() => decodeCursor(encodeCursor("99999999999"), [CURSOR_INT])).toThrow("query.cursor");
});
