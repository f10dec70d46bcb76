import type { SlackConfig } from "../../config-slack.ts";
import type { Database } from "../../db/database.ts";
import type { HttpParts } from "../../http/http-app.ts";
import type { Logger } from "../../lib/logger.ts";
import { createTokenCipher, readTokenSecret } from "../../lib/token-cipher.ts";
import { createInstallRoutes } from "./install-routes.ts";
import { createInstallState } from "./install-state.ts";
import { createInstallations, type InstallationStore } from "./installations.ts";
import { createOwnWorkspace } from "./own-workspace.ts";

export interface OpenedInstallations {
  installations: InstallationStore;
  /** For callers of the API. */
  routers: HttpParts["routers"];
  /** For anyone: where Slack's page leads back to. */
  openRouters: HttpParts["routers"];
}

/** The workspaces this installation works in, and the routes by which more are added (with a client id and secret). */
export async function openInstallations(parts: {
  db: Database;
  log: Logger;
  config: SlackConfig;
  dataDir: string;
  baseUrl: () => string;
}): Promise<OpenedInstallations> {
  const { db, log, config, dataDir, baseUrl } = parts;
  const { botToken, apiUrl, oauth, tokenKey } = config;
  const secret = await readTokenSecret(tokenKey, dataDir);
  const ownWorkspace = botToken === undefined ? undefined : createOwnWorkspace({ botToken, apiUrl });
  const installations = createInstallations({ db, log, cipher: createTokenCipher(secret), ownWorkspace });
  if (!oauth) return { installations, routers: [], openRouters: [] };
  const state = createInstallState(secret);
  const { router, openRouter } = createInstallRoutes({ installations, state, apiUrl, baseUrl, ...oauth });
  return { installations, routers: [router], openRouters: [openRouter] };
}
