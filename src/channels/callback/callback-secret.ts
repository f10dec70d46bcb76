import { join } from "node:path";
import { readSecretFile } from "../../lib/secret-file.ts";

/** The configured secret, else one that is made once and kept in the data directory, readable by its owner only. */
export const readCallbackSecret = async (configured: string | undefined, dataDir: string): Promise<string> =>
  configured ?? readSecretFile(join(dataDir, "callback-secret"));
