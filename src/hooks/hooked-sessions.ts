import { basename } from "node:path";
import type { Database } from "../db/database.ts";
import { AppError } from "../lib/errors.ts";
import type { HookRecord } from "./hook-body.ts";
import { titleOf } from "./hook-rows.ts";
import { findOrObserveSession } from "./hooked-session-queries.ts";
import { createSessionCache } from "./session-cache.ts";

/** Which session a hook without a run's token belongs to. Sessions observed here belong to `workerId`. */
export function createHookedSessions({ db, workerId }: { db: Database; workerId: string }) {
  const cache = createSessionCache();
  return {
    find({ claudeSessionId, cwd, news }: HookRecord): Promise<string> {
      const folder = cwd === null ? "" : basename(cwd);
      const title = news.kind === "prompt" ? titleOf(news.text) : folder === "" ? "Claude session" : folder;
      const found = cache.find(claudeSessionId, () =>
        findOrObserveSession(db, { claudeSessionId, cwd }, { workerId, title }),
      );
      if (!found) throw new AppError("unavailable", "Too many new sessions at once");
      return found;
    },
    /** It was merged into another, or deleted: look again. */
    forget: ({ claudeSessionId }: HookRecord): void => cache.forget(claudeSessionId),
  };
}
