import { lookAtOwnHub } from "../../app-orchestrator.ts";
import type { Config } from "../../config.ts";
import { readLedger } from "./check-database.ts";
import { fail, ok, warn, type Check } from "./check.ts";

type HubFacts = NonNullable<Awaited<ReturnType<typeof lookAtOwnHub>>>;

/** The connection to the hub, where this server is a machine of one; nothing at all where it is not. */
export async function checkHub(config: Config): Promise<Check[]> {
  const facts = await lookAtOwnHub(config, (read) => readLedger(config, read));
  return facts ? [...checkAddress(facts), checkConnection(facts), checkAccess(facts)] : [];
}

function checkAddress({ url, hasSocketPath, isUnencrypted }: HubFacts): Check[] {
  const name = "hub address";
  if (!hasSocketPath)
    return [
      fail(name, `ORCHESTRATOR_URL=${url} does not end in /ws/connect`, "Add /ws/connect, where hubs take machines"),
    ];
  if (!isUnencrypted) return [];
  return [
    warn(name, `${url} is not encrypted: everybody on the way reads the token`, "Use wss:// in ORCHESTRATOR_URL"),
  ];
}

const UNREACHABLE =
  "Is ORCHESTRATOR_URL right, does the hub run, and does a firewall let WebSockets out? Until then the server works without it";

function checkConnection({ url, trial, by }: HubFacts): Check {
  const name = "hub";
  if (trial.is === "unreachable") return fail(name, `${url}: ${trial.error}`, UNREACHABLE);
  const answered = trial.is === "answered" ? `${url} answers ${trial.status}${trial.text && `: ${trial.text}`}` : url;
  if (by === "none") return checkWaiting(name, trial, answered);
  const token = by === "claim" ? "the token it was given when it was claimed" : "ORCHESTRATOR_TOKEN";
  if (trial.is === "granted") return ok(name, `${url} takes ${token}`);
  return fail(name, `${answered}, to ${token}`, adviceFor(trial.status, by));
}

function checkWaiting(name: string, trial: HubFacts["trial"], answered: string): Check {
  if (trial.is === "answered" && trial.status === 200)
    return warn(
      name,
      "the hub is there; this machine has no token and waits to be claimed, or has not been started",
      "Claim it on the hub's page: compare the code with the one in the server's log",
    );
  return warn(name, `${answered}, asked for its health`, UNREACHABLE);
}

function adviceFor(status: number, by: HubFacts["by"]): string {
  if (status === 401 || status === 403)
    return by === "claim"
      ? "Restart the server: it waits to be claimed again"
      : "The token was revoked, has expired or was mistyped: make a new one on the hub's page and set ORCHESTRATOR_TOKEN";
  if (status === 429) return "Too many tries from this address: wait a minute";
  if (status >= 500) return "The hub is starting, or not well: see its log, and try again";
  return "There is no hub at this address: correct ORCHESTRATOR_URL";
}

function checkAccess({ isOpenToAll }: HubFacts): Check {
  const name = "hub access";
  if (!isOpenToAll) return ok(name, "by ORCHESTRATOR_GITHUB_USERS, _TEAM and _ORG");
  return warn(
    name,
    "everybody the hub lets in may use this machine and run Claude on it",
    "Set ORCHESTRATOR_GITHUB_USERS, _TEAM or _ORG, unless that is what you want",
  );
}
