import { expect, test } from "vitest";
import { z } from "zod";
import { safeParse } from "../../../src/contract/safe-parse.ts";

const Named = z.object({ name: z.string().min(1).max(10) });

test("a value that cannot be measured is one more that does not fit", () => {
  expect(safeParse(Named, { name: "a" })).toEqual({ success: true, data: { name: "a" } });
  expect(safeParse(Named, { name: "" }).error?.issues).toMatchObject([{ path: ["name"], code: "too_small" }]);
  const odd = { name: { length: { toString: null, valueOf: null } } };
  expect(() => Named.safeParse(odd)).toThrow(TypeError);
  expect(safeParse(Named, odd).error?.issues).toMatchObject([{ path: [], message: "is not valid" }]);
});
