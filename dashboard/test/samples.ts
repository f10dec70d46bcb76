import { randomUUID } from "node:crypto";
import type { CommandLog } from "../../src/contract/command-log.ts";
import type { Delivery } from "../../src/contract/delivery.ts";
import type { SessionEvent } from "../../src/contract/event.ts";
import type { Message } from "../../src/contract/message.ts";
import type { Run } from "../../src/contract/run.ts";
import type { Session } from "../../src/contract/session.ts";
import type { SystemStatus, Version } from "../../src/contract/system.ts";

const SECOND = 1_000;

/** A time so many seconds ago. */
export const ago = (seconds: number): string => new Date(Date.now() - seconds * SECOND).toISOString();

let logs = 0;

/** One that was given up. */
export function aDelivery(session: Session, given: Partial<Delivery> = {}): Delivery {
  return {
    deliveryId: randomUUID(),
    sessionId: session.sessionId,
    runId: null,
    messageId: null,
    kind: "callback",
    type: "run.finished",
    address: "https://n8n.example.com/webhook/7",
    status: "failed",
    attempts: 9,
    nextAttemptAt: null,
    deadline: ago(60),
    lastError: "The receiver answered 500",
    lastStatus: 500,
    response: null,
    createdAt: ago(90_000),
    deliveredAt: null,
    givenUpAt: ago(60),
    ...given,
  };
}

export function aSession(given: Partial<Session> = {}): Session {
  const sessionId = given.sessionId ?? randomUUID();
  const workspacePath = `/tmp/claude-workspaces/${sessionId.slice(0, 8)}`;
  const claudeSessionId = randomUUID();
  return {
    sessionId,
    id: sessionId,
    title: "A session",
    status: "completed",
    waitingFor: null,
    projectType: "github",
    githubRepo: "fernhill/web",
    projectPath: null,
    workspacePath,
    branch: "main",
    workBranch: `claude/${sessionId.slice(0, 8)}`,
    claudeSessionId,
    resumeCommand: `cd ${workspacePath} && claude --resume ${claudeSessionId}`,
    observed: false,
    source: "api",
    tags: [],
    slackChannel: null,
    metadata: {},
    options: {},
    activity: null,
    costUsd: 0,
    runCount: 1,
    lastReason: null,
    lastSeq: 1,
    createdAt: ago(600),
    updatedAt: ago(60),
    archivedAt: null,
    ...given,
  };
}

export function aMessage(session: Session, given: Partial<Message> = {}): Message {
  return {
    messageId: randomUUID(),
    sessionId: session.sessionId,
    runId: null,
    direction: "inbound",
    source: "api",
    author: null,
    content: "Hello",
    files: [],
    status: "succeeded",
    metadata: {},
    timestamp: new Date().toISOString(),
    ...given,
  };
}

export function aRun(session: Session, given: Partial<Run> = {}): Run {
  return {
    runId: randomUUID(),
    sessionId: session.sessionId,
    number: 1,
    status: "succeeded",
    reason: given.status === undefined || given.status === "succeeded" ? "success" : null,
    error: null,
    waitingFor: null,
    messageId: randomUUID(),
    attempts: [],
    model: null,
    claudeVersion: null,
    untestedVersion: false,
    costUsd: null,
    usage: null,
    turns: null,
    durationMs: null,
    apiDurationMs: null,
    firstTokenMs: null,
    structuredOutput: null,
    denials: [],
    stderrTail: null,
    queuedAt: ago(120),
    startedAt: ago(119),
    finishedAt: ago(60),
    ...given,
  };
}

export function aLog(session: Session, given: Partial<CommandLog> = {}): CommandLog {
  logs += 1;
  return {
    logId: String(logs),
    sessionId: session.sessionId,
    runId: null,
    toolUseId: `toolu_${logs}`,
    agentId: null,
    tool: "Bash",
    input: { command: "true" },
    result: "",
    status: "succeeded",
    success: true,
    durationMs: 400,
    timestamp: ago(90),
    ...given,
  };
}

export function anEvent(session: Session, given: Partial<SessionEvent> = {}): SessionEvent {
  return {
    sessionId: session.sessionId,
    seq: 1,
    type: "text",
    key: null,
    runId: null,
    data: {},
    timestamp: ago(90),
    ...given,
  };
}

const claude = {
  command: "/usr/local/bin/claude",
  version: "2.1.329",
  pinned: "2.1.329",
  floor: "2.1.197",
  state: "tested",
} as const;

export function aStatus(given: Partial<SystemStatus> = {}): SystemStatus {
  return {
    workerId: "worker-1",
    slots: { busy: 0, total: 8 },
    queued: 0,
    waiting: 0,
    costTodayUsd: 0,
    signIn: "none",
    publicUrl: "http://127.0.0.1:3001",
    claude,
    projectRoots: [],
    defaults: { permissionMode: "acceptEdits", timeoutSeconds: 14_400, bypassAllowed: false },
    hooksReceived: 0,
    hub: null,
    ...given,
  };
}

export const aVersion = (given: Partial<Version> = {}): Version => ({
  name: "claude-orchestrator",
  version: "0.1.0",
  node: "24.21.0",
  database: { kind: "embedded", version: "18.4" },
  claude,
  ...given,
});
