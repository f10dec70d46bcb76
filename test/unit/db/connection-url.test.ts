import { expect, test } from "vitest";
import { connectionUrl } from "../../../src/db/connection-url.ts";

const url = (query: string) => `postgresql://me:p%40ss@db.example:5433/ledger${query}`;

test.each(["prefer", "require", "verify-ca"])("sslmode=%s means what it means to psql", (mode) => {
  expect(connectionUrl(url(`?sslmode=${mode}`))).toBe(url(`?sslmode=${mode}&uselibpqcompat=true`));
});

test.each(["", "?sslmode=disable", "?sslmode=verify-full", "?sslmode=verify-full&sslrootcert=%2Fca.pem"])(
  "a URL with %j is left as it is",
  (query) => {
    expect(connectionUrl(url(query))).toBe(url(query));
  },
);
