import { MAX_FILE_BYTES, MAX_FILES } from "../contract/message-file.ts";
import type { ClaudeOptions } from "../contract/session.ts";
import type { Database } from "../db/database.ts";
import { findOpenThreads } from "../deliveries/thread-queries.ts";

const MIB = 1024 * 1024;

/** What Claude has to know where its answers go into a chat or a mail. */
export const THREAD_PROMPT = `People read your final answer in a chat or mail thread; they do not see this workspace.
To send them a file of the workspace, put a line of its own into the final answer, outside of code blocks:
ATTACH: path/relative/to/the/workspace
At most ${MAX_FILES} files of ${MAX_FILE_BYTES / MIB} MiB each; the line itself is not shown. Send a file when they ask for it or need it.
If what they say needs no answer from you, answer with NO_REPLY and nothing else.`;

/** The options with what a session's threads ask of Claude, after what the caller wants it to be told. */
export async function withThreadPrompt(
  db: Database,
  sessionId: string,
  options: ClaudeOptions,
): Promise<ClaudeOptions> {
  const threads = await findOpenThreads(db, sessionId);
  if (threads.length === 0) return options;
  const told = [options.appendSystemPrompt, THREAD_PROMPT].filter((text) => text !== undefined && text !== "");
  return { ...options, appendSystemPrompt: told.join("\n\n") };
}
