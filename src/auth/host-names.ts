import { isIP } from "node:net";

const HOST_HEADER = /^(?<name>\[[0-9a-f:.]+\]|[a-z0-9._-]+?)\.?(?::\d{1,5})?$/u;

/** The name in a Host header or Origin's host, lower case, without port, brackets or final dot; undefined for nonsense. */
export function hostName(header: string | undefined): string | undefined {
  const name = HOST_HEADER.exec((header ?? "").toLowerCase())?.groups?.["name"];
  return name?.replace(/^\[|\]$/gu, "");
}

/** Names that always mean the machine the client runs on, whatever a DNS server says. */
export const isLoopbackName = (name: string): boolean => name === "localhost" || isLoopbackAddress(name);

export function isLoopbackAddress(address: string | undefined): boolean {
  if (!address) return false;
  const plain = plainAddress(address);
  return plain === "::1" || (isIP(plain) === 4 && plain.startsWith("127."));
}

/** `::ffff:127.0.0.1`, as a dual-stack socket names an IPv4 peer, is 127.0.0.1. */
export const plainAddress = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/iu, "");
