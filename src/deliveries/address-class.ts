import { BlockList, isIP } from "node:net";

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

/** Where nothing of ours is ever sent: these reach the machine's own network, its cloud's secrets, or nobody. */
const forbidden = new BlockList();
forbidden.addSubnet("0.0.0.0", 8, "ipv4"); // unspecified, "this network"
forbidden.addSubnet("169.254.0.0", 16, "ipv4"); // link-local, most clouds' metadata
forbidden.addSubnet("224.0.0.0", 4, "ipv4"); // multicast
forbidden.addSubnet("240.0.0.0", 4, "ipv4"); // reserved, broadcast
forbidden.addSubnet("fe80::", 10, "ipv6"); // link-local
forbidden.addSubnet("ff00::", 8, "ipv6"); // multicast
forbidden.addAddress("::", "ipv6");
for (const metadata of ["100.100.100.200", "168.63.129.16", "192.0.0.192"]) forbidden.addAddress(metadata, "ipv4");
for (const metadata of ["fd00:ec2::254", "fd20:ce::254"]) forbidden.addAddress(metadata, "ipv6");

/** Prefixes of IPv6 that carry an IPv4 address, as groups, and the group where it begins. */
const carriers: readonly (readonly [prefix: readonly number[], at: number])[] = [
  [[0x64, 0xff9b, 0, 0, 0, 0], 6], // NAT64
  [[0x64, 0xff9b, 1], 6], // NAT64, local
  [[0x2002], 1], // 6to4
  [[0, 0, 0, 0, 0, 0], 6], // IPv4-compatible
  [[0, 0, 0, 0, 0, 0xffff], 6], // IPv4-mapped
];

/** The eight groups of an IPv6 address in any spelling. */
function groupsOf(address: string): number[] {
  const [head = "", tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split("::");
  const [front, back] = [parseGroups(head), parseGroups(tail)];
  return [...front, ...Array.from({ length: 8 - front.length - back.length }, () => 0), ...back];
}

const parseGroups = (text: string | undefined): number[] =>
  text ? text.split(":").map((group) => Number.parseInt(group, 16)) : [];

/** The IPv4 address that an IPv6 address stands for, if it stands for one. */
function carriedAddress(address: string): string | undefined {
  const groups = groupsOf(address);
  const carrier = carriers.find(([prefix]) => prefix.every((group, index) => groups[index] === group));
  if (!carrier) return undefined;
  const [high = 0, low = 0] = groups.slice(carrier[1]);
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}

export type AddressClass = "loopback" | "forbidden" | "other";

/** What kind of place an IP address is. `::1` and `::` look like carriers of IPv4 and are judged before. */
export function classifyAddress(text: string): AddressClass {
  const address = text.split("%", 1)[0] ?? "";
  const version = isIP(address);
  if (version === 0) return "forbidden";
  const family = version === 6 ? "ipv6" : "ipv4";
  if (loopback.check(address, family)) return "loopback";
  if (forbidden.check(address, family)) return "forbidden";
  const carried = version === 6 ? carriedAddress(address) : undefined;
  return carried === undefined ? "other" : classifyAddress(carried);
}
