import { randomUUID } from "node:crypto";
import type { CommandLog } from "../../src/contract/command-log.ts";
import type { Delivery } from "../../src/contract/delivery.ts";
import type { Diff } from "../../src/contract/diff.ts";
import type { SessionEvent } from "../../src/contract/event.ts";
import { type Message, PostMessage } from "../../src/contract/message.ts";
import type { Run } from "../../src/contract/run.ts";
import { CreateSession, type Session, UpdateSession } from "../../src/contract/session.ts";
import type { SystemStatus, Version } from "../../src/contract/system.ts";
import type { SessionThread } from "../../src/contract/thread.ts";
import { CREATED, json, problem } from "./fake-answers.ts";
import { aMessage, aRun, aSession, aStatus, aVersion } from "./samples.ts";

/** All that the stand-in knows; a test arranges it and looks at it. */
export interface FakeState {
  sessions: Session[];
  messages: Message[];
  logs: CommandLog[];
  runs: Run[];
  events: SessionEvent[];
  diffs: Map<string, Diff>;
  deliveries: Delivery[];
  /** By session. */
  threads: Map<string, SessionThread[]>;
  /** Where mails to any session go. */
  mailAddress: string | null;
  status: SystemStatus;
  version: Version;
  /** When set, every request but sign-in is refused until this key was given. */
  apiKey?: string | undefined;
  /** Nobody answers. */
  down?: boolean | undefined;
}

export const emptyState = (): FakeState => ({
  sessions: [],
  messages: [],
  logs: [],
  runs: [],
  events: [],
  diffs: new Map(),
  deliveries: [],
  threads: new Map(),
  mailAddress: null,
  status: aStatus(),
  version: aVersion(),
});

const newest = <T extends { timestamp?: string; createdAt?: string; queuedAt?: string }>(items: T[]): T[] =>
  items.toSorted((a, b) =>
    (b.timestamp ?? b.createdAt ?? b.queuedAt ?? "").localeCompare(a.timestamp ?? a.createdAt ?? a.queuedAt ?? ""),
  );

function page(items: readonly unknown[], url: URL): Response {
  const limit = Number(url.searchParams.get("limit") ?? 50);
  const from = Number(url.searchParams.get("cursor") ?? 0);
  const next = from + limit;
  return json({ items: items.slice(from, next), nextCursor: next < items.length ? String(next) : null });
}

function listSessions(state: FakeState, url: URL): Response {
  const { searchParams: search } = url;
  const status = search.get("status")?.split(",");
  const q = search.get("q")?.toLowerCase();
  const found = state.sessions.filter(
    (session) =>
      (!status || status.includes(session.status)) &&
      (!search.has("tag") || session.tags.includes(search.get("tag") ?? "")) &&
      (!search.has("source") || session.source === search.get("source")) &&
      (!q || session.title.toLowerCase().includes(q)),
  );
  return page(newest(found), url);
}

function invalid(error: { issues: readonly { path: readonly PropertyKey[]; message: string }[] }): Response {
  const errors = error.issues.map((issue) => ({ field: `body.${issue.path.join(".")}`, message: issue.message }));
  return problem(400, "The request is not valid.", errors);
}

/** Which field must be there for each kind of project. */
const PLACE = { github: "githubRepo", local: "projectPath", worktree: "projectPath" } as const;

function create(state: FakeState, body: unknown): Response {
  const parsed = CreateSession.safeParse(body);
  if (!parsed.success) return invalid(parsed.error);
  const { projectType, initialPrompt = "", title = initialPrompt, githubRepo = null, projectPath = null } = parsed.data;
  const needed = PLACE[projectType];
  if (!parsed.data[needed])
    return problem(400, `${needed} is missing.`, [
      { field: `body.${needed}`, message: `is required for projectType ${projectType}` },
    ]);
  const session = aSession({ title, projectType, githubRepo, projectPath, source: "dashboard", status: "created" });
  state.sessions.push(session);
  if (initialPrompt) post(state, session, { content: initialPrompt, source: "dashboard" });
  return json(session, CREATED);
}

function post(state: FakeState, session: Session, body: unknown): Response {
  const parsed = PostMessage.safeParse(body);
  if (!parsed.success) return invalid(parsed.error);
  const { content, source } = parsed.data;
  const runId = randomUUID();
  const message = aMessage(session, { content, source, status: "queued", runId });
  state.messages.push(message);
  const number = state.runs.filter((run) => run.sessionId === session.sessionId).length + 1;
  state.runs.push(
    aRun(session, { runId, number, status: "queued", messageId: message.messageId, startedAt: null, finishedAt: null }),
  );
  return json({ messageId: message.messageId, runId, status: "queued" }, CREATED);
}

function update(session: Session, body: unknown): Response {
  const parsed = UpdateSession.safeParse(body);
  if (!parsed.success) return invalid(parsed.error);
  const { status, title, tags, claudeSessionId: _, metadata: __, ...options } = parsed.data;
  Object.assign(session, {
    ...(status && { status }),
    ...(title && { title }),
    ...(tags && { tags }),
    options: { ...session.options, ...options },
  });
  return json(session);
}

function stop(state: FakeState, session: Session): Response {
  const going = state.runs.filter((run) => run.sessionId === session.sessionId && run.finishedAt === null);
  for (const run of going)
    Object.assign(run, { status: "cancelled", reason: "stopped", finishedAt: new Date().toISOString() });
  session.status = "cancelled";
  return json({ sessionId: session.sessionId, stopped: going.map((run) => run.runId) });
}

function ofSession(state: FakeState, session: Session, part: string, url: URL): Response {
  const id = session.sessionId;
  const own = <T extends { sessionId: string }>(items: T[]) => items.filter((item) => item.sessionId === id);
  switch (part) {
    case "":
      return json(session);
    case "messages":
      return page(newest(own(state.messages)), url);
    case "logs":
      return page(newest(own(state.logs)), url);
    case "runs":
      return page(
        own(state.runs).toSorted((a, b) => b.number - a.number),
        url,
      );
    case "events":
      return json({
        items: own(state.events).filter((event) => event.seq > Number(url.searchParams.get("after") ?? 0)),
        nextCursor: null,
      });
    case "deliveries":
      return page(
        state.deliveries.filter((delivery) => delivery.sessionId === id),
        url,
      );
    case "threads":
      return json({ items: state.threads.get(id) ?? [], mailAddress: state.mailAddress });
    case "diff":
      return json(
        state.diffs.get(id) ?? {
          sessionId: id,
          base: null,
          files: [],
          added: 0,
          removed: 0,
          patch: "",
          truncated: false,
        },
      );
    default:
      return problem(404, "There is no such route.");
  }
}

function mute(state: FakeState, session: Session, threadId: string | undefined, body: unknown): Response {
  const thread = state.threads.get(session.sessionId)?.find((candidate) => candidate.threadId === threadId);
  if (!thread) return problem(404, `There is no thread ${threadId}.`);
  return json(Object.assign(thread, body));
}

async function change(state: FakeState, session: Session, action: string, request: Request): Promise<Response> {
  const body: unknown = await request.json().catch(() => ({}));
  if (action === "POST messages") return post(state, session, body);
  if (action === "POST stop") return stop(state, session);
  if (action.startsWith("PATCH threads/")) return mute(state, session, action.split("/").at(-1), body);
  return action === "PATCH " ? update(session, body) : problem(404, "There is no such route.");
}

async function signIn(state: FakeState, request: Request): Promise<Response> {
  const body = (await request.json()) as { apiKey?: string };
  if (body.apiKey !== state.apiKey) return problem(401, "The key is not known.");
  state.apiKey = undefined;
  return new Response(null, { status: 204 });
}

function aboutOne(state: FakeState, url: URL, request: Request): Response | Promise<Response> {
  const [, id, part = ""] = /^\/api\/sessions\/([^/]+)\/?(.*)$/u.exec(url.pathname) ?? [];
  const session = state.sessions.find((candidate) => candidate.sessionId === id);
  if (!session) return problem(404, `There is no session ${id}.`);
  return request.method === "GET"
    ? ofSession(state, session, part, url)
    : change(state, session, `${request.method} ${part}`, request);
}

function retry(state: FakeState, url: URL): Response {
  const id = url.pathname.split("/").at(-2);
  const delivery = state.deliveries.find(({ deliveryId, status }) => deliveryId === id && status === "failed");
  if (!delivery) return problem(409, "Only a failed delivery can be sent again.");
  return json(Object.assign(delivery, { status: "sending", givenUpAt: null }));
}

/** The API in memory: the contract's shapes and rules, no database and no Claude. */
export async function answer(state: FakeState, request: Request): Promise<Response> {
  const url = new URL(request.url);
  if (state.down) throw new TypeError("fetch failed");
  if (state.apiKey && url.pathname !== "/api/sign-in") return problem(401, "Sign in first.");
  switch (`${request.method} ${url.pathname}`) {
    case "POST /api/sign-in":
      return signIn(state, request);
    case "GET /api/status":
      return json(state.status);
    case "GET /api/version":
      return json(state.version);
    case "GET /api/sessions":
      return listSessions(state, url);
    case "POST /api/sessions":
      return create(state, await request.json());
    default:
      if (/^\/api\/deliveries\/[^/]+\/retry$/u.test(url.pathname)) return retry(state, url);
      return aboutOne(state, url, request);
  }
}
