import type { IncomingMessage } from "node:http";
import { expect, test } from "vitest";
import { clientAddress } from "../../../src/auth/client-address.ts";

const from = (remoteAddress: string, forwarded?: string) =>
  clientAddress({ socket: { remoteAddress }, headers: { "x-forwarded-for": forwarded } } as unknown as IncomingMessage);

test.each([
  ["a direct client", "203.0.113.7", undefined, "203.0.113.7"],
  ["what a client claims itself", "203.0.113.7", "198.51.100.1", "203.0.113.7"],
  ["what our proxy saw, not what it was told", "127.0.0.1", "198.51.100.1, 203.0.113.9", "203.0.113.9"],
  ["an IPv4 peer of a dual socket", "::ffff:203.0.113.7", undefined, "203.0.113.7"],
  ["an IPv6 client's network", "2001:db8:1:2:3:4:5:6", undefined, "2001:db8:1:2::/64"],
  ["a shortened one's", "2001:db8::6", undefined, "2001:db8:0:0::/64"],
  ["this machine", "::1", undefined, "::1"],
])("failures count for %s", (_, peer, forwarded, address) => {
  expect(from(peer, forwarded)).toBe(address);
});
