import type { GithubRules } from "../config-orchestrator.ts";

/** Where a machine with a token connects to. */
export function connectUrl(base: string, { token, clientId }: { token: string; clientId: string }): string {
  const url = new URL(base);
  url.searchParams.set("token", token);
  url.searchParams.set("client_id", clientId);
  return url.href;
}

/** Where one without a token waits for somebody who may claim it. */
export function pendingUrl(base: string, claim: GithubRules): string {
  const url = new URL(base);
  url.pathname = url.pathname.replace(/\/ws\/connect\/?$/u, "/ws/pending");
  for (const [name, values] of [
    ["user", claim.users],
    ["org", claim.orgs],
    ["team", claim.teams],
  ] as const)
    if (values.length > 0) url.searchParams.set(name, values.join(","));
  return url.href;
}

/** For people and logs: without the query, which may hold a token. */
export const shownUrl = (base: string): string => {
  const { protocol, host, pathname } = new URL(base);
  return `${protocol}//${host}${pathname}`;
};

/** The token can be read on the way; not so on one's own computer. */
export const isUnencrypted = (base: string): boolean => {
  const { protocol, hostname } = new URL(base);
  return protocol === "ws:" && !/^(?:(?:.*\.)?localhost|127\.\d+\.\d+\.\d+|\[::1\])$/u.test(hostname);
};

/** Whether it names the socket of machines, as every hub has it. */
export const hasSocketPath = (base: string): boolean => /\/ws\/connect\/?$/u.test(new URL(base).pathname);
