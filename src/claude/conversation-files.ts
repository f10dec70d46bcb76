import { createReadStream } from "node:fs";
import { mkdir, readdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { createInterface } from "node:readline";

/** Credentials that come by environment: with one of them Claude needs no login of the account it runs under. */
export const CREDENTIALS: readonly string[] = [
  "ANTHROPIC_API_KEY",
  "ANTHROPIC_AUTH_TOKEN",
  "CLAUDE_CODE_OAUTH_TOKEN",
  "CLAUDE_CODE_USE_BEDROCK",
  "CLAUDE_CODE_USE_VERTEX",
  "CLAUDE_CODE_USE_FOUNDRY",
];

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The folder Claude keeps a session's conversation and settings in: one of its own for each session, so that parallel
 * runs share no file. Undefined when Claude must use the account's login, which lies in the account's folder.
 */
export const ownConfigDir = (environment: Environment, claudeDir: string, sessionId: string): string | undefined =>
  CREDENTIALS.some((name) => environment[name]) ? join(claudeDir, sessionId) : undefined;

/** Claude's own record of one conversation, a JSON-lines file somewhere below its configuration folder. */
export function conversationFile(configDir: string, claudeSessionId: string) {
  const projects = join(configDir, "projects");
  // An id comes from a hook, too: it names a file, never a way out of the folder.
  const name = `${basename(claudeSessionId)}.jsonl`;

  async function find(): Promise<string | undefined> {
    for (const folder of await readdir(projects).catch(() => [])) {
      const path = join(projects, folder, name);
      const found = await stat(path).catch(() => undefined);
      if (found?.isFile() && found.size > 0) return path;
    }
    return undefined;
  }

  return {
    exists: async (): Promise<boolean> => (await find()) !== undefined,

    /** Its length; 0 when there is none. Claude only appends: of two records of one conversation the longer is the newer. */
    async bytes(): Promise<number> {
      const path = await find();
      return path === undefined ? 0 : (await stat(path)).size;
    },

    /** Whether the conversation holds the message we wrote under this uuid: then Claude has it, answered or not. */
    async holds(uuid: string): Promise<boolean> {
      const path = await find();
      if (path === undefined) return false;
      for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity }))
        if (line.includes(uuid)) return true;
      return false;
    },

    /** The record as it is now; undefined when there is none or it is larger than `maxBytes`. */
    async read(maxBytes: number): Promise<Buffer | undefined> {
      const path = await find();
      if (path === undefined || (await stat(path)).size > maxBytes) return undefined;
      return readFile(path);
    },

    /** Puts a record back, in place of an older one; Claude finds it in any folder below `projects`. */
    async restore(record: Buffer): Promise<void> {
      const path = (await find()) ?? join(projects, "restored", name);
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await writeFile(`${path}.part`, record, { mode: 0o600 });
      await rename(`${path}.part`, path);
    },
  };
}
