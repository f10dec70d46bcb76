import { randomBytes } from "node:crypto";
import { isEmpty, type OrchestratorConfig } from "../config-orchestrator.ts";
import type { ClaimedToken } from "./claimed-token.ts";
import { connectUrl, hasSocketPath, isUnencrypted, shownUrl } from "./hub-url.ts";
import { type HubTrial, tryHealth, trySocket } from "./try-hub.ts";

/** How a machine stands with its hub, looked at from beside it. */
export interface HubFacts {
  /** Without its query. */
  url: string;
  hasSocketPath: boolean;
  isUnencrypted: boolean;
  /** Where the token that was tried comes from; `none`: only the hub's health was asked for. */
  by: "configuration" | "claim" | "none";
  trial: HubTrial;
  /** Nobody is named who may come in: everybody may whom the hub lets in. */
  isOpenToAll: boolean;
}

/** Tries the hub's address and token, without taking the place of this machine's own socket and without becoming another one. */
export async function examineHub(
  { url, rules, token: configured }: OrchestratorConfig,
  findClaimed: () => Promise<ClaimedToken | undefined>,
): Promise<HubFacts> {
  const claimed = configured === undefined ? await findClaimed() : undefined;
  const token = configured ?? claimed?.token;
  const clientId = `doctor-${randomBytes(8).toString("hex")}`;
  return {
    url: shownUrl(url),
    hasSocketPath: hasSocketPath(url),
    isUnencrypted: isUnencrypted(url),
    by: claimed ? "claim" : configured === undefined ? "none" : "configuration",
    trial: await (token === undefined ? tryHealth(url) : trySocket(connectUrl(url, { token, clientId }))),
    isOpenToAll: isEmpty(rules),
  };
}
