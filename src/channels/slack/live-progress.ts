import { holdAlone } from "../../db/hold-alone.ts";
import { startRepeating } from "../../lib/repeat.ts";
import type { EventService } from "../../sessions/event-service.ts";
import { closeLeft } from "./finish-live.ts";
import type { LiveParts } from "./live-message.ts";
import { createWake, followRun, type Wake } from "./live-run.ts";
import { findSlackThread } from "./open-thread-queries.ts";
import { findLeftProgress, findLiveThreads } from "./progress-queries.ts";
import type { SendingParts } from "./slack-sending.ts";
import { createStreaming } from "./streaming.ts";

interface Parts extends SendingParts {
  events: Pick<EventService, "followAll">;
  /** Which process this is, for people. */
  holder: string;
}

/** Runs that are shown at once; more are answered without progress. */
const MAX_LIVE = 500;
/** How late a run is shown whose beginning nobody told us of. */
const SWEEP_MS = 3_000;
const LEFT_MS = 15_000;

interface Following {
  sessionId: string;
  wake: Wake;
  cut: AbortController;
  done: Promise<void>;
}

/** Shows progress in all threads of this installation, in one of its processes. */
export const openLiveProgress = (parts: Parts): AsyncDisposable =>
  holdAlone({
    db: parts.db,
    name: "slack.live",
    holder: parts.holder,
    log: parts.log,
    work: (signal) => showAll({ ...parts, streaming: createStreaming() }, signal),
  });

async function showAll(parts: LiveParts & Parts, signal: AbortSignal): Promise<void> {
  const { db, log, events } = parts;
  const following = new Map<string, Following>();
  const changed = createWake();

  function wakeSession(sessionId: string): void {
    for (const one of following.values()) if (one.sessionId === sessionId) one.wake.wake();
  }
  function wakeAll(): void {
    for (const { wake } of following.values()) wake.wake();
    changed.wake();
  }

  /** Begins to follow what is new, and lets go of what is not to be shown any more. */
  async function sweep(): Promise<void> {
    const threads = await findLiveThreads(db, MAX_LIVE);
    const names = new Map(threads.map((thread) => [`${thread.runId} ${thread.threadId} ${thread.verbosity}`, thread]));
    for (const [name, { cut }] of following) if (!names.has(name)) cut.abort();
    for (const [name, thread] of names) {
      if (following.has(name) || signal.aborted) continue;
      const wake = createWake();
      const cut = new AbortController();
      const limits = { wake, signal: AbortSignal.any([signal, cut.signal]), count: () => following.size };
      const done = followRun(parts, thread, limits).finally(() => following.delete(name));
      following.set(name, { sessionId: thread.sessionId, wake, cut, done });
    }
  }

  const end = await events.followAll(undefined, () => ({
    events: (batch) => {
      for (const { sessionId } of batch) wakeSession(sessionId);
      if (batch.some(({ type }) => type === "run" || type === "session.status")) changed.wake();
      return Promise.resolve();
    },
    resync: () => Promise.resolve(wakeAll()),
    drop: wakeAll,
  }));
  const onError = (error: unknown) => log.warn({ err: error }, "looking for Slack progress to show failed");
  const patrol = startRepeating(() => Promise.resolve(changed.wake()), { intervalMs: SWEEP_MS, onError });
  const leftovers = startRepeating(() => closeAllLeft(parts, signal), { intervalMs: LEFT_MS, onError });
  try {
    while (!signal.aborted) {
      await changed.next(signal);
      if (!signal.aborted) await sweep().catch(onError);
    }
  } finally {
    end();
    await Promise.all([patrol[Symbol.asyncDispose](), leftovers[Symbol.asyncDispose]()]);
    await Promise.all([...following.values()].map(({ done }) => done));
  }
}

/** Messages that would show progress for ever: the thread was muted, or the answer could not be delivered. */
async function closeAllLeft(parts: SendingParts, signal: AbortSignal): Promise<void> {
  for (const key of await findLeftProgress(parts.db, MAX_LIVE)) {
    if (signal.aborted) return;
    const place = await findSlackThread(parts.db, key.threadId);
    const team = place && (await parts.clients.of(place.team));
    if (!team || place.threadTs === null) continue;
    const spot = { team, channel: place.channel, threadTs: place.threadTs };
    await closeLeft(parts, key, { spot, signal });
  }
}
