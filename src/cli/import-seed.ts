import type { Database, Transaction } from "../db/database.ts";
import { openSeedReader, type SeedReader, type SeedRow } from "../db/seed-reader.ts";
import { AppError } from "../lib/errors.ts";
import {
  ensureWorker,
  findClaudeIds,
  insertFolders,
  insertNewCommandLogs,
  insertNewMessages,
  insertNewSessions,
  insertNewThreads,
  type NewCommandLog,
  type NewMessage,
  type NewSession,
  type NewThread,
} from "./seed-queries.ts";
import { toCommandLog, toMessage, toThread } from "./seed-rows.ts";
import { toSession } from "./seed-session.ts";

export interface SeedCount {
  /** Rows in the old database. */
  read: number;
  /** Of them new here; the others had been imported before. */
  imported: number;
  /** Rows of a session that is not there, or without what makes them useful. */
  skipped: number;
}

export interface SeedReport {
  sessions: SeedCount;
  messages: SeedCount;
  commandLogs: SeedCount;
  threads: SeedCount;
  /** Columns of command_logs that have no place here. */
  unreadColumns: string[];
}

/** Sessions of the old database by what its other tables may call them: their id, or Claude's. */
type Known = Map<string, { id: string; slackChannel: string | null }>;

/**
 * Takes over a database of this project's first schema: all of it in one transaction, or nothing. Rows that were taken
 * over before are left as they are now, so it may be repeated. The old database is only read.
 */
export async function importSeed(
  db: Database,
  seedConnectionString: string,
  { workerId }: { workerId: string },
): Promise<SeedReport> {
  await using seed = await openSeedReader(seedConnectionString);
  if (!seed.has("sessions")) throw new AppError("invalid", "The database to import has no table sessions");
  return await db.transaction().execute(async (tx) => {
    await ensureWorker(tx, workerId);
    const known: Known = new Map();
    const sessions = await importSessions(tx, seed, { workerId, known });
    const messages = await importMessages(tx, seed, known);
    const { unreadColumns, ...commandLogs } = await importCommandLogs(tx, seed, known);
    const threads = await importThreads(tx, seed, known);
    return { sessions, messages, commandLogs, threads, unreadColumns };
  });
}

async function importSessions(
  tx: Transaction,
  seed: SeedReader,
  { workerId, known }: { workerId: string; known: Known },
): Promise<SeedCount> {
  const count = { read: 0, imported: 0, skipped: 0 };
  for await (const rows of seed.read("sessions", ["created_at", "id"])) {
    const found = rows.map((row) => toSession(row)).filter(({ oldId }) => oldId !== "");
    const sessions = await freeClaudeIds(
      tx,
      found.map(({ session }) => session),
    );
    const inserted = await insertNewSessions(tx, sessions, workerId);
    const folders = found.flatMap(({ session: { id }, workspacePath }) =>
      workspacePath !== undefined && inserted.has(id) ? [{ sessionId: id, path: workspacePath }] : [],
    );
    if (folders.length > 0) await insertFolders(tx, folders);
    for (const { oldId, session } of found) remember(known, [oldId, session.claudeSessionId], session);
    count.read += rows.length;
    count.imported += inserted.size;
    count.skipped += rows.length - found.length;
  }
  return count;
}

/** An id goes before a Claude id, and of several sessions with one Claude id the first keeps it. */
function remember(
  known: Known,
  [oldId, claudeId]: [string, string | null | undefined],
  { id, slackChannel = null }: NewSession,
) {
  known.set(oldId, { id, slackChannel });
  if (claudeId && !known.has(claudeId)) known.set(claudeId, { id, slackChannel });
}

/** A Claude id belongs to one session here; where another has it already, it moves into the metadata. */
async function freeClaudeIds(tx: Transaction, sessions: NewSession[]): Promise<NewSession[]> {
  const wanted = sessions.flatMap(({ claudeSessionId }) => claudeSessionId ?? []);
  const holders = new Map(
    wanted.length === 0 ? [] : (await findClaudeIds(tx, wanted)).map((row) => [row.claudeSessionId, row.id]),
  );
  return sessions.map((session) => {
    const { id, claudeSessionId } = session;
    if (!claudeSessionId) return session;
    const holder = holders.get(claudeSessionId) ?? id;
    holders.set(claudeSessionId, holder);
    if (holder === id) return session;
    const metadata = { ...(session.metadata as object), seedClaudeSessionId: claudeSessionId };
    return { ...session, claudeSessionId: null, metadata };
  });
}

/** Reads a table that may be missing, and writes of each batch the rows whose session is known. */
async function importBelonging<Row>(
  seed: SeedReader,
  { table, order }: { table: string; order: readonly string[] },
  { toRow, insert }: { toRow: (row: SeedRow) => Row | undefined; insert: (rows: Row[]) => Promise<number> },
): Promise<SeedCount> {
  const count = { read: 0, imported: 0, skipped: 0 };
  if (!seed.has(table)) return count;
  for await (const rows of seed.read(table, order)) {
    const found = rows.map((row) => toRow(row)).filter((row) => row !== undefined);
    if (found.length > 0) count.imported += await insert(found);
    count.read += rows.length;
    count.skipped += rows.length - found.length;
  }
  return count;
}

function importMessages(tx: Transaction, seed: SeedReader, known: Known): Promise<SeedCount> {
  const table = { table: "session_messages", order: ["timestamp", "created_at", "id"] };
  return importBelonging(seed, table, {
    insert: (rows: NewMessage[]) => insertNewMessages(tx, rows),
    toRow(row) {
      const message = toMessage(row);
      const session = known.get(message.oldSession);
      return session && message.toRow(session.id);
    },
  });
}

async function importCommandLogs(tx: Transaction, seed: SeedReader, known: Known) {
  const unread = new Set<string>();
  const table = { table: "command_logs", order: ["timestamp", "created_at", "id"] };
  const count = await importBelonging(seed, table, {
    insert: (rows: NewCommandLog[]) => insertNewCommandLogs(tx, rows),
    toRow(row) {
      const log = toCommandLog(row);
      for (const column of log.unread) unread.add(column);
      const session = known.get(log.oldSession);
      return session && log.toRow(session.id);
    },
  });
  return { ...count, unreadColumns: [...unread].toSorted() };
}

function importThreads(tx: Transaction, seed: SeedReader, known: Known): Promise<SeedCount> {
  const table = { table: "slack_thread_mapping", order: ["created_at", "thread_ts"] };
  return importBelonging(seed, table, {
    insert: (rows: NewThread[]) => insertNewThreads(tx, rows),
    toRow(row) {
      const thread = toThread(row);
      const session = thread && known.get(thread.oldSession);
      return session && thread.toRow(session);
    },
  });
}
