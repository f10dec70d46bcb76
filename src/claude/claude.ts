import { mkdir, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Config } from "../config.ts";
import type { JsonSchema } from "../contract/json-schema.ts";
import type { ClaudeOptions } from "../contract/session.ts";
import { AppError } from "../lib/errors.ts";
import { findClaude, type ClaudeInstall } from "./claude-command.ts";
import { addEvidence, noEvidence } from "./claude-evidence.ts";
import { judge } from "./claude-outcome.ts";
import { attachClaude, startClaude, type ClaudeProcess } from "./claude-process.ts";
import { claudeArguments, claudeEnvironment, claudeSettings } from "./claude-settings.ts";
import { parseStreamLine, type BlockMemory, type StreamEvent } from "./claude-stream.ts";
import { FLOOR_VERSION } from "./claude-version.ts";
import { conversationFile, ownConfigDir } from "./conversation-files.ts";
import { loginEnd, RENEWAL_MS } from "./shared-login.ts";

export type Claude = ReturnType<typeof createClaude>;
export type StreamReader = ReturnType<typeof createStreamReader>;

export interface ClaudeLaunch {
  session: ConversationOwner & { options: ClaudeOptions };
  /** The conversation's id is of our choice, so that it may begin under it. */
  mayBegin: boolean;
  /** A new folder for this life's files. */
  runDir: string;
  cwd: string;
  hookToken: string;
  marker: string;
  /** The form the answer is wanted in. */
  jsonSchema?: JsonSchema | undefined;
}

export interface ConversationOwner {
  id: string;
  claudeSessionId: string | null;
}

/** A conversation begins under an id of ours; one that has another id began elsewhere and can only be continued. */
const begin = ({ id, claudeSessionId }: ConversationOwner, mayBegin: boolean) =>
  claudeSessionId === null || claudeSessionId === id || mayBegin
    ? { sessionId: claudeSessionId ?? id }
    : { resume: claudeSessionId };

const resume = ({ id, claudeSessionId }: ConversationOwner) => ({ resume: claudeSessionId ?? id });

/** What Claude reads of a run, in the run's own scratch folder. */
async function writeRunFiles(
  folder: string,
  { hookUrl, systemPrompt }: { hookUrl: string; systemPrompt: string | undefined },
) {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const settingsFile = join(folder, "settings.json");
  await writeFile(settingsFile, JSON.stringify(claudeSettings({ hookUrl })), { mode: 0o600 });
  if (systemPrompt === undefined) return { settingsFile };
  const systemPromptFile = join(folder, "system-prompt.txt");
  await writeFile(systemPromptFile, systemPrompt, { mode: 0o600 });
  return { settingsFile, systemPromptFile };
}

export interface Launched {
  process: ClaudeProcess;
  version: string;
  untested: boolean;
}

interface Parts {
  config: Config["claude"];
  /** Where sessions have their own Claude folders. */
  claudeDir: string;
  /** Known only once the server listens. */
  hookUrl: () => string;
}

/** The Claude Code CLI: one life of it is launched or found again, its stream is read, its end is judged. */
export function createClaude({ config, claudeDir, hookUrl }: Parts) {
  const { environment, accountDir } = config;
  const home = environment["HOME"] ?? homedir();
  const install = (): Promise<ClaudeInstall> => findClaude({ command: config.command, path: environment["PATH"] });

  /**
   * The folder with Claude's record of a session's conversation: the session's own, or the account's, where it lies when
   * a person began it by hand. Undefined is the account's.
   */
  async function folderOf(session: ConversationOwner): Promise<string | undefined> {
    const own = ownConfigDir(environment, claudeDir, session.id);
    const id = session.claudeSessionId ?? session.id;
    if (own === undefined || (await conversationFile(own, id).exists())) return own;
    return (await conversationFile(accountDir, id).exists()) ? undefined : own;
  }

  const conversationOf = async (session: ConversationOwner) =>
    conversationFile((await folderOf(session)) ?? accountDir, session.claudeSessionId ?? session.id);

  return {
    install,

    /** The session's own Claude folder; undefined when it is the account's. */
    configDir: (sessionId: string): string | undefined => ownConfigDir(environment, claudeDir, sessionId),

    /** Since when the login that runs share is due to be renewed; undefined when it is not, or runs have a key or token. */
    async renewalDueSince(): Promise<Date | undefined> {
      if (ownConfigDir(environment, claudeDir, "") !== undefined) return undefined;
      const end = await loginEnd(accountDir);
      const due = end && new Date(end.getTime() - RENEWAL_MS);
      return due && due.getTime() <= Date.now() ? due : undefined;
    },

    /** Claude's record of a session's conversation. */
    conversation: conversationOf,

    /** The record that another worker on this machine kept in its own folder of Claude folders. */
    conversationIn: (session: ConversationOwner, otherClaudeDir: string) =>
      conversationFile(
        ownConfigDir(environment, otherClaudeDir, session.id) ?? accountDir,
        session.claudeSessionId ?? session.id,
      ),

    /** Starts Claude for a run; it waits for its prompt. AppError "unavailable" without a CLI, "conflict" with one too old. */
    async launch({ session, mayBegin, runDir, cwd, hookToken, marker, jsonSchema }: ClaudeLaunch): Promise<Launched> {
      const { argv, version, state } = await install();
      if (state === "unsupported")
        throw new AppError("conflict", `Claude Code ${version} is too old; ${FLOOR_VERSION} or newer is needed`);
      const own = await folderOf(session);
      if (own !== undefined) await mkdir(own, { recursive: true, mode: 0o700 });
      const tmpDir = `${runDir}.tmp`;
      const files = await writeRunFiles(tmpDir, {
        hookUrl: hookUrl(),
        systemPrompt: session.options.appendSystemPrompt,
      });
      const record = await conversationOf(session);
      const conversation = (await record.exists()) ? resume(session) : begin(session, mayBegin);
      const args = claudeArguments({
        conversation,
        options: session.options,
        defaults: config,
        ...files,
        jsonSchema,
        version,
      });
      const configDir = own ?? environment["CLAUDE_CONFIG_DIR"];
      const env = claudeEnvironment(environment, { pass: config.envPass, hookToken, tmpDir, home, configDir });
      const process = await startClaude({ runDir, cwd, argv: [...argv, ...args], env, marker });
      return { process, version, untested: state === "untested" };
    },

    attach: attachClaude,
    judge,

    readStream: createStreamReader,
  };
}

/** Reads one life's stream, from its first line on, and remembers what `judge` needs to know. */
function createStreamReader() {
  const blocks: BlockMemory = new Map();
  let evidence = noEvidence;
  return {
    read(line: string): StreamEvent[] {
      const events = parseStreamLine(line, blocks);
      evidence = events.reduce(addEvidence, evidence);
      return events;
    },
    get evidence() {
      return evidence;
    },
  };
}
