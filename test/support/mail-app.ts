import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { z } from "zod";
import { Session } from "../../src/contract/session.ts";
import { SessionThread, SessionThreads } from "../../src/contract/thread.ts";
import { testApp, type TestApp } from "./app.ts";
import { makeRepository, temporaryFolder } from "./git.ts";
import { startMailServer, type Mail, type MailServer } from "./mail-server.ts";

const WAIT_MS = 60_000;
const Sessions = z.object({ items: z.array(Session) });

/** Our server with the real CLI, written to by people with mailboxes of their own. */
export interface MailApp extends AsyncDisposable {
  app: TestApp;
  mail: MailServer;
  /** The repository that mails are about. */
  repository: string;
  /** The oldest first. */
  sessions(): Promise<Session[]>;
  /** The session of this title, once there is one. */
  session(title: string): Promise<Session>;
  threads(sessionId: string): Promise<SessionThread[]>;
  mute(thread: SessionThread, sessionId: string, muted: boolean): Promise<void>;
}

export async function startMailApp(values: Record<string, string> = {}): Promise<MailApp> {
  await using parts = new AsyncDisposableStack();
  const mail = parts.use(await startMailServer());
  const folder = parts.use(await temporaryFolder());
  const repository = await makeRepository(join(folder.path, "project"));
  const app = parts.use(
    await testApp({ ...mail.environment, EMAIL_REPOS: repository, CLAUDE_ALLOWED_TOOLS: "Bash,Write", ...values }),
  );
  const kept = parts.move();
  const sessions = async () => (await app.request(Sessions, "/api/sessions?limit=100")).items.toReversed();
  return {
    app,
    mail,
    repository,
    sessions,
    session: (title) =>
      until(
        async () => (await sessions()).find((session) => session.title === title),
        () => `there is no session “${title}”`,
      ),
    threads: async (id) => (await app.request(SessionThreads, `/api/sessions/${id}/threads`)).items,
    async mute({ threadId }, sessionId, muted) {
      const path = `/api/sessions/${sessionId}/threads/${threadId}`;
      await app.request(SessionThread, path, { method: "PATCH", body: { muted } });
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** Looks again until there is something; what it says is thrown after a minute. */
export async function until<T>(look: () => T | undefined | Promise<T | undefined>, why: () => string): Promise<T> {
  for (const deadline = Date.now() + WAIT_MS; ; await sleep(50)) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(why());
  }
}

/** What the scripted model does when it is asked this. */
export const script = (...steps: object[]): string => `MOCK${JSON.stringify(steps)}`;

/** The mails with this text, in order. */
export const holding = (text: string) => (mail: Mail) => mail.text?.includes(text) ?? false;

/** The only one; fails when there are more or none. */
export function only<T>(items: readonly T[]): T {
  const [first, ...more] = items;
  if (first === undefined || more.length > 0) expect.fail(`${items.length} instead of one`);
  return first;
}
