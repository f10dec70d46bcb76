import { access, readdir } from "node:fs/promises";
import { join } from "node:path";

/** Credentials that come by environment: with one of them Claude needs no login of the account it runs under. */
const CREDENTIALS = [
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

/** Whether Claude has this conversation in the folder; then it is continued, and cannot be begun. */
export async function hasConversation(configDir: string, claudeSessionId: string): Promise<boolean> {
  const projects = join(configDir, "projects");
  const folders = await readdir(projects).catch(() => []);
  const found = await Promise.all(
    folders.map((folder) =>
      access(join(projects, folder, `${claudeSessionId}.jsonl`)).then(
        () => true,
        () => false,
      ),
    ),
  );
  return found.includes(true);
}
