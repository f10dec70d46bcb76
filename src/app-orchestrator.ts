import type { Core } from "./app-doors.ts";
import type { Services } from "./app-services.ts";
import type { Config } from "./config.ts";
import type { Database } from "./db/database.ts";
import type { Listener } from "./db/notify.ts";
import { openInProcess } from "./http/in-process.ts";
import type { AppServer } from "./http/server.ts";
import { CHANGES, findTotals } from "./orchestration/workspace-queries.ts";
import { findClaimedToken } from "./orchestrator/claimed-token.ts";
import { examineHub, type HubFacts } from "./orchestrator/examine-hub.ts";
import { openOrchestrator } from "./orchestrator/orchestrator-door.ts";
import { findRunCounts } from "./runs/worker-queries.ts";
import { SESSION_EVENTS } from "./sessions/event-queries.ts";

/** Makes this process a machine of the hub it is configured for, if any; what people there ask for enters the server. */
export async function connectToHub(
  core: Core,
  services: Services,
  { parts, listener, server }: { parts: AsyncDisposableStack; listener: Listener; server: AppServer },
): Promise<void> {
  const { config, log, storage, workerId, hub } = core;
  const { db } = storage;
  if (!config.orchestrator) return;
  const orchestrator = parts.use(
    await openOrchestrator({
      ...services,
      config: config.orchestrator,
      db,
      dataDir: config.dataDir,
      project: config.workspaces.projectRoots[0] ?? process.cwd(),
      inProcess: openInProcess(server.server),
      countBusy: async () => (await findRunCounts(db, workerId)).busy,
      readTotals: () => findTotals(db),
      isWatched: () => server.countEventStreams() > 0,
      async watchLedger(onChange) {
        await listener.listen(SESSION_EVENTS, onChange);
        await listener.listen(CHANGES, onChange);
        listener.onResync(onChange);
      },
      log,
    }),
  );
  hub.connection = orchestrator.connection;
}

type ReadLedger = <T>(read: (db: Database) => Promise<T>) => Promise<T | undefined>;

/** How this machine stands with its hub, for who looks from beside a server that may run; undefined when it has none. */
export async function lookAtOwnHub(
  { orchestrator, dataDir }: Pick<Config, "orchestrator" | "dataDir">,
  readLedger: ReadLedger,
): Promise<HubFacts | undefined> {
  if (!orchestrator) return undefined;
  const hub = new URL(orchestrator.url).host;
  return examineHub(orchestrator, () => readLedger((db) => findClaimedToken({ db, dataDir, hub })));
}
