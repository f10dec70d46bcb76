import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Database } from "../db/database.ts";
import type { Logger } from "../lib/logger.ts";
import { findLiveRunDirs } from "./worker-queries.ts";

/**
 * Removes the folders of runs that ended while nobody could tidy up. Those of unfinished runs stay: they are how a run
 * is found again.
 */
export async function removeLeftovers(parts: {
  db: Database;
  log: Logger;
  config: { dir: string };
  workerId: string;
}): Promise<void> {
  const { db, log, config, workerId } = parts;
  await mkdir(config.dir, { recursive: true, mode: 0o700 });
  const live = await findLiveRunDirs(db, workerId);
  const names = await readdir(config.dir);
  const dead = names.map((name) => join(config.dir, name)).filter((dir) => !live.has(dir.replace(/\.tmp$/, "")));
  for (const dir of dead) await rm(dir, { recursive: true, force: true });
  if (dead.length > 0) log.info({ count: dead.length }, "removed folders of runs that had ended");
}
