import type { HubConfig } from "../config-hub.ts";
import type { Database } from "../db/database.ts";
import { AppError } from "../lib/errors.ts";
import type { Logger } from "../lib/logger.ts";
import { startRepeating } from "../lib/repeat.ts";
import { type GitHub, mayEnter, readMembership } from "./github-membership.ts";
import type { HubSecrets } from "./hub-secrets.ts";
import { HUB_LIMITS } from "./limits.ts";
import { findUnchecked, refuseUser, saveMember } from "./user-queries.ts";

const LOOK_MS = 60_000;
const AT_ONCE = 50;

interface RecheckParts {
  db: Database;
  log: Logger;
  secrets: HubSecrets;
  github: GitHub;
  allowed: HubConfig["allowed"];
}

/** Looks up every hour whether the rules still let people in; who has left is out within the hour, and so are their machines. */
export const startRecheck = (parts: RecheckParts, intervalMs: number = LOOK_MS): AsyncDisposable =>
  startRepeating((signal) => recheckAll(parts, signal), {
    intervalMs,
    onError: (error) => parts.log.warn({ err: error }, "memberships could not be looked up; trying again"),
  });

export async function recheckAll(parts: RecheckParts, signal?: AbortSignal, olderMs: number = HUB_LIMITS.recheckMs) {
  for (const user of await findUnchecked(parts.db, olderMs, AT_ONCE)) await recheck(parts, user, signal);
}

type Unchecked = Awaited<ReturnType<typeof findUnchecked>>[number];

async function recheck(parts: RecheckParts, user: Unchecked, signal?: AbortSignal): Promise<void> {
  const { db, log } = parts;
  try {
    await renew(parts, user, signal);
  } catch (error) {
    if (signal?.aborted) return;
    if (isPassing(error) && ageOf(user) < HUB_LIMITS.recheckGraceMs) {
      log.warn({ err: error, login: user.login }, "GitHub could not be asked about a user");
      return;
    }
    log.warn({ err: error, login: user.login }, "a user is let in no longer");
    await refuseUser(db, user.id);
  }
}

async function renew({ db, secrets, github, allowed }: RecheckParts, user: Unchecked, signal?: AbortSignal) {
  const token = user.githubToken && secrets.open(user.githubToken);
  if (!token) throw new AppError("unauthorized", "the token cannot be read");
  const membership = await readMembership(github, token, signal);
  if (!mayEnter(membership, allowed)) throw new AppError("forbidden", "no rule names this user any more");
  await saveMember(db, { ...membership, githubToken: secrets.seal(token) });
}

/** Anything but GitHub's own word, or ours, that this person may not. */
const isPassing = (error: unknown): boolean => !(error instanceof AppError) || error.code === "upstream_failed";

const ageOf = ({ checkedAt }: Unchecked): number => Date.now() - (checkedAt?.getTime() ?? 0);
