import { type OrchestratorConfig, isEmpty } from "../config-orchestrator.ts";
import type { OrchestrationTotals } from "../contract/orchestrator-frames.ts";
import type { HubConnection } from "../contract/system.ts";
import type { Database } from "../db/database.ts";
import type { InProcess } from "../http/in-process.ts";
import type { Logger } from "../lib/logger.ts";
import { createPlainAnswerer } from "./answer-plain.ts";
import { createStreamAnswerer } from "./answer-stream.ts";
import { openClaimStore } from "./claimed-token.ts";
import { createGithubMembership } from "./github-membership.ts";
import { type ActionServices, createHubActions } from "./hub-actions.ts";
import { createHubGate } from "./hub-gate.ts";
import { isUnencrypted } from "./hub-url.ts";
import { openStatusSource } from "./machine-status.ts";
import { stayConnected } from "./stay-connected.ts";
import { createUserRequests } from "./user-requests.ts";

export interface OrchestratorParts extends ActionServices {
  config: OrchestratorConfig;
  db: Database;
  dataDir: string;
  inProcess: InProcess;
  /** Runs of this machine that are on, by the ledger. */
  countBusy: () => Promise<number>;
  /** Runs that are on and that are desired, over all workspaces. */
  readTotals: () => Promise<OrchestrationTotals>;
  /** Whether somebody has the dashboard or a feed open right now. */
  isWatched: () => boolean;
  /** Calls back whenever something may have changed in the ledger. */
  watchLedger: (onChange: () => void) => Promise<void>;
  log: Logger;
}

export interface Orchestrator extends AsyncDisposable {
  /** How this machine stands with its hub. */
  connection: () => HubConnection;
}

/** Makes this installation a machine of a hub. It returns at once, whether the hub is there or not. */
export async function openOrchestrator(parts: OrchestratorParts): Promise<Orchestrator> {
  const { config, db, dataDir, inProcess, log, project } = parts;
  if (isEmpty(config.rules))
    log.warn(
      "[ORCHESTRATOR] everybody the hub lets in may use this machine: set ORCHESTRATOR_GITHUB_USERS, _TEAM or _ORG to choose",
    );
  if (isUnencrypted(config.url))
    log.warn("[ORCHESTRATOR] ORCHESTRATOR_URL is not encrypted: use wss://, or everybody on the way reads the token");

  await using made = new AsyncDisposableStack();
  const status = made.use(await openStatusSource(parts));
  const github = createGithubMembership(config.githubApiUrl);
  const gate = createHubGate({ rules: config.rules, github, authDebug: config.authDebug, log });
  const http = createPlainAnswerer({ inProcess, gate, log });
  const stream = createStreamAnswerer({ inProcess, gate, log });
  const user = createUserRequests({ gate, actions: createHubActions(parts), log });
  const hub = made.use(
    stayConnected({
      config,
      project,
      claims: await openClaimStore({ db, dataDir, hub: new URL(config.url).host }),
      status,
      handlers: {
        http: (request, link) => void http(request, link),
        user: (request, link) => void user(request, link),
        stream: (one, open, link) => void stream(one, open, link),
      },
      log,
    }),
  );
  const kept = made.move();
  return { connection: hub.connection, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}
