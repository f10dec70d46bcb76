import { beforeEach } from "vitest";

/**
 * Declares that the tests of this file (or of the describe block it is called in) need a program of the machine.
 * Without it they print one line that says what to install and are skipped; with REQUIRE_PEERS=1 they fail.
 * Returns whether the peer is there, for set-up code that must not run without it.
 */
export function requirePeer(name: string, isThere: boolean | (() => boolean), install: string): boolean {
  const present = typeof isThere === "function" ? isThere() : isThere;
  if (present) return true;
  const advice = `${name} is missing: ${install}`;
  if (process.env["REQUIRE_PEERS"] === "1") throw new Error(advice);
  console.warn(advice);
  beforeEach((context) => context.skip(advice));
  return false;
}
