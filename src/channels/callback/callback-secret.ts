import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** The configured secret, else one that is made once and kept in the data directory, readable by its owner only. */
export async function readCallbackSecret(configured: string | undefined, dataDir: string): Promise<string> {
  if (configured !== undefined) return configured;
  const file = join(dataDir, "callback-secret");
  const made = randomBytes(32).toString("hex");
  // Made with "wx": of two processes that begin at once one writes, and both read the same.
  await writeFile(file, `${made}\n`, { mode: 0o600, flag: "wx" }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
  const secret = (await readFile(file, "utf8")).trim();
  if (secret === "") throw new Error(`${file} is empty: remove it, and a new secret is made`);
  return secret;
}
