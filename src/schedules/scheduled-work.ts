import type { Transaction } from "../db/database.ts";
import { AppError } from "../lib/errors.ts";
import type { MessageService } from "../messages/message-service.ts";
import type { SessionService } from "../sessions/session-service.ts";
import type { ScheduleRow } from "./schedule-queries.ts";

/** Writes what a schedule starts, in the transaction that says it was started. */
export type Work = (tx: Transaction) => Promise<{ sessionId: string; runId: string | null }>;

export interface WorkParts {
  sessions: Pick<SessionService, "prepare">;
  messages: Pick<MessageService, "postIn">;
}

type What = Pick<ScheduleRow, "id" | "name" | "start" | "templateId" | "sessionId" | "prompt">;

/** Checks what a schedule starts or continues, and returns what does it. AppError when it cannot be. */
export async function prepareWork({ sessions, messages }: WorkParts, schedule: What, dueAt: Date): Promise<Work> {
  const { id: scheduleId, name, start, templateId, sessionId, prompt } = schedule;
  const metadata = { schedule: { scheduleId, name, dueAt: dueAt.toISOString() } };
  if (start) {
    const template = templateId === null ? {} : { template: templateId };
    const said = { source: "schedule", author: name, metadata: { ...start.metadata, ...metadata } } as const;
    return sessions.prepare({ ...start, ...template, ...said });
  }
  if (sessionId === null || prompt === null) throw new AppError("not_found", "The session it continues is gone");
  const said = { direction: "inbound", source: "schedule", author: name, deliver: false, steer: false } as const;
  return async (tx) => {
    const { runId } = await messages.postIn(tx, sessionId, { ...said, content: prompt, metadata });
    return { sessionId, runId };
  };
}

/** Why it cannot be done, for people who did not send what it names as a body. */
export const inWords = ({ message }: AppError): string => message.replaceAll(/\bbody\./g, "");
