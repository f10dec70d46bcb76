import type { IncomingMessage } from "node:http";
import { isIPv6 } from "node:net";
import { isLoopbackAddress, plainAddress } from "./host-names.ts";

/**
 * The address to count a client's failures by. Behind a proxy on this machine it is the last one in X-Forwarded-For,
 * which that proxy wrote itself; elsewhere the header is the client's own claim. An IPv6 client owns its /64.
 */
export function clientAddress(req: IncomingMessage): string {
  const peer = plainAddress(req.socket.remoteAddress ?? "unknown");
  const claimed = String(req.headers["x-forwarded-for"] ?? "")
    .split(",")
    .at(-1)
    ?.trim();
  const address = isLoopbackAddress(peer) && claimed ? plainAddress(claimed.slice(0, 64)) : peer;
  return isIPv6(address) && !isLoopbackAddress(address) ? firstHalf(address) : address;
}

function firstHalf(address: string): string {
  const [head = "", tail = ""] = address.toLowerCase().split("%", 1)[0]?.split("::") ?? [];
  const before = head === "" ? [] : head.split(":");
  const after = tail === "" ? [] : tail.split(":");
  const zeros = Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => "0");
  const groups = address.includes("::") ? [...before, ...zeros, ...after] : before;
  return `${groups.slice(0, 4).join(":")}::/64`;
}
