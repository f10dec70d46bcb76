import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";

const VALID = /^[a-z0-9-]{1,64}$/;

/** The name of this worker, made once and kept in its data directory: sessions belong to it over restarts. */
export async function readWorkerId(dataDir: string): Promise<string> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const file = join(dataDir, "worker-id");
  const kept = (await readFile(file, "utf8").catch(() => "")).trim();
  if (VALID.test(kept)) return kept;
  const host = hostname()
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .slice(0, 40);
  const id = `${host || "worker"}-${randomBytes(4).toString("hex")}`;
  await writeFile(file, `${id}\n`, { mode: 0o600 });
  return id;
}
