import type { Core } from "./app-doors.ts";
import type { Services } from "./app-services.ts";
import { createWhoIsAsking } from "./auth/who-is-asking.ts";
import type { Listener } from "./db/notify.ts";
import type { HttpParts } from "./http/http-app.ts";
import { openOrchestration } from "./orchestration/orchestration.ts";

/** Running and desired counts; its sockets ask who is there by the same means as the API. */
export async function openCounts(
  { config, log, storage, runs }: Core,
  { sessions, templates }: Services,
  { parts, listener }: { parts: AsyncDisposableStack; listener: Listener },
) {
  const who = createWhoIsAsking({ ...config.http, verifyRunToken: runs.verifyToken });
  const { db, queue } = storage;
  const { nudge } = queue;
  const { maxDesired } = config.orchestration;
  const orchestration = parts.use(
    await openOrchestration({ db, listener, log, nudge, who, maxDesired, sessions, templates }),
  );
  return {
    /** The same doors, with sockets and counts. */
    addTo: (doors: HttpParts): HttpParts => ({
      ...doors,
      who,
      openRouters: [...doors.openRouters, ...orchestration.openRouters],
      routers: [...doors.routers, ...orchestration.routers],
      socketDoors: [orchestration.socketDoor],
    }),
  };
}
