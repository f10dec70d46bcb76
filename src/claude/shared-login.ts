import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

/** Claude renews a login that ends within so long, before its first request (measured: 290 s yes, 310 s no). */
export const RENEWAL_MS = 5 * 60_000;

const Credentials = z.object({ claudeAiOauth: z.object({ expiresAt: z.number() }) });

/**
 * When the login in a folder of Claude's ends; undefined when none lies there in a file (no login, or one in a keychain).
 * Nothing else of the file is looked at, and no part of it gets into an error.
 */
export async function loginEnd(accountDir: string): Promise<Date | undefined> {
  try {
    const text = await readFile(join(accountDir, ".credentials.json"), "utf8");
    return new Date(Credentials.parse(JSON.parse(text)).claudeAiOauth.expiresAt);
  } catch {
    return undefined;
  }
}
