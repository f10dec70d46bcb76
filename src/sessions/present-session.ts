import type { ClaudeOptions, Session } from "../contract/session.ts";
import { shellQuote } from "../lib/shell.ts";
import type { SessionRow } from "./session-queries.ts";

/** A command that continues the conversation by hand, in the workspace and with the configuration its runs use. */
function resumeCommand(row: SessionRow, configDir: string | undefined): string | null {
  if (!row.claudeSessionId) return null;
  const folder = row.workspacePath ?? row.projectPath;
  const cd = folder ? `cd ${shellQuote(folder)} && ` : "";
  const config = configDir && !row.observed ? `CLAUDE_CONFIG_DIR=${shellQuote(configDir)} ` : "";
  return `${cd}${config}claude --resume ${shellQuote(row.claudeSessionId)}`;
}

/** A session as the API shows it. `configDir` is where Claude keeps the conversation, when that is ours. */
export function presentSession(row: SessionRow, configDir: string | undefined): Session {
  return {
    sessionId: row.id,
    id: row.id,
    title: row.title,
    status: row.status as Session["status"],
    waitingFor: row.waitingFor as Session["waitingFor"],
    projectType: row.projectType as Session["projectType"],
    githubRepo: row.githubRepo,
    projectPath: row.projectPath,
    workspacePath: row.workspacePath,
    branch: row.branch,
    workBranch: row.workBranch,
    claudeSessionId: row.claudeSessionId,
    resumeCommand: resumeCommand(row, configDir),
    observed: row.observed,
    source: row.source as Session["source"],
    tags: row.tags,
    slackChannel: row.slackChannel,
    metadata: row.metadata as Session["metadata"],
    options: row.options as ClaudeOptions,
    activity: row.activity,
    costUsd: row.costUsd,
    runCount: row.runCount,
    lastReason: row.lastReason,
    lastSeq: row.lastSeq,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
    archivedAt: row.archivedAt?.toISOString() ?? null,
  };
}
