import { basename } from "node:path";
import { ProjectType } from "../contract/session.ts";
import type { SeedRow } from "../db/seed-reader.ts";
import { capText } from "../lib/text.ts";
import { derivedUuid, isUuid, mergeMetadata, orNull, readFields, type Fields } from "./seed-fields.ts";
import type { NewSession } from "./seed-queries.ts";
import { toSource, toStatus } from "./seed-words.ts";

const MAX_TITLE = 200;
const MAX_TAG = 64;
const MAX_TAGS = 50;

export interface SeedSession {
  /** What other rows call it by. */
  oldId: string;
  session: NewSession;
  /** The folder Claude worked in. */
  workspacePath: string | undefined;
}

/**
 * A session of the old database. One without a UUID gets one made of its id and its birth, so that sessions of two old
 * databases never become one.
 */
export function toSession(row: SeedRow): SeedSession {
  const fields = readFields(row);
  const times = takeTimes(fields);
  const { oldId, id, claudeSessionId, ...seedIds } = takeIds(fields, times.createdAt ?? "");
  const place = takePlace(fields);
  const { status, seedStatus } = takeStatus(fields);
  const session = {
    id,
    title: toTitle(takeTitle(fields) ?? place.name ?? `Session ${oldId}`),
    status,
    ...place.columns,
    claudeSessionId,
    slackChannel: orNull(fields.text("slack_channel")),
    tags: takeTags(fields),
    source: toSource(fields.word("source") ?? "api") ?? "api",
    ...times,
    archivedAt: takeArchivedAt(fields, status === "archived" ? (times.updatedAt ?? new Date()) : null),
  };
  const own = fields.json("metadata");
  const metadata = mergeMetadata(own, { seedStatus, ...seedIds, ...fields.rest() });
  return { oldId, session: { ...session, metadata }, workspacePath: place.workspacePath };
}

function takeIds(fields: Fields, birth: string) {
  const oldId = fields.text("id", "session_id") ?? "";
  const claudeId = fields.text("claude_session_id");
  const ours = isUuid(oldId)
    ? { id: oldId.toLowerCase() }
    : { id: derivedUuid("session", oldId, birth), seedId: oldId };
  const claudes = isUuid(claudeId)
    ? { claudeSessionId: claudeId.toLowerCase() }
    : { claudeSessionId: null, seedClaudeSessionId: claudeId };
  return { oldId, ...ours, ...claudes };
}

function takeTags(fields: Fields): string[] {
  const tags = fields.texts("tags").slice(0, MAX_TAGS);
  return tags.map((tag) => capText(tag, MAX_TAG));
}

function takeTimes(fields: Fields): { createdAt?: string; updatedAt?: string } {
  const createdAt = fields.text("created_at", "started_at");
  const updatedAt = fields.text("updated_at", "last_activity_at", "last_activity") ?? createdAt;
  return { ...(createdAt !== undefined && { createdAt }), ...(updatedAt !== undefined && { updatedAt }) };
}

/** Read even when the session is not archived, so that it does not end up in the metadata. */
function takeArchivedAt(fields: Fields, otherwise: string | Date | null): string | Date | null {
  const archivedAt = fields.text("archived_at");
  return otherwise === null ? null : (archivedAt ?? otherwise);
}

function takeStatus(fields: Fields) {
  const word = fields.word("status") ?? "completed";
  const status = toStatus(word);
  return { status, seedStatus: word === status ? undefined : word };
}

/** Of the old schema's one path it is not certain whether it was the project or a workspace made from it: both. */
function takePlace(fields: Fields) {
  const workspacePath = fields.path("workspace_path");
  const projectPath = fields.path("project_path", "working_directory", "cwd") ?? workspacePath;
  const githubRepo = fields.text("github_repo", "repository", "repo");
  const projectType = toProjectType(fields.word("project_type", "workspace_type"), githubRepo);
  const branch = fields.text("branch");
  return {
    workspacePath: workspacePath ?? projectPath,
    name: projectPath === undefined ? githubRepo : basename(projectPath),
    columns: { projectPath: orNull(projectPath), githubRepo: orNull(githubRepo), projectType, branch: orNull(branch) },
  };
}

/** There is no sandbox here, so a session of one counts as work in a folder. */
function toProjectType(word: string | undefined, githubRepo: string | undefined): ProjectType {
  const known = ProjectType.safeParse(word);
  if (known.success) return known.data;
  return githubRepo !== undefined && word === undefined ? "github" : "local";
}

const takeTitle = (fields: Fields): string | undefined => fields.text("title", "name") ?? fields.text("initial_prompt");

const toTitle = (text: string): string => capText(text.trim().split("\n")[0] ?? "", MAX_TITLE).trim() || "Untitled";
