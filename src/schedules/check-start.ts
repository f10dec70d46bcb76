import type { UpdateSchedule } from "../contract/schedule.ts";
import type { Template } from "../contract/template.ts";
import { AppError, invalidField } from "../lib/errors.ts";
import type { SessionService } from "../sessions/session-service.ts";
import type { TemplateService } from "../sessions/templates/template-service.ts";
import type { Content } from "./check-schedule.ts";
import { prepareWork, type WorkParts } from "./scheduled-work.ts";

export interface StartCheckParts extends WorkParts {
  sessions: Pick<SessionService, "prepare" | "get">;
  templates: Pick<TemplateService, "get">;
}

const isNotFound = (error: unknown): boolean => error instanceof AppError && error.code === "not_found";

/** Whether what a schedule names is there, and can be started. AppError "invalid" names the field. */
export const createStartChecks = ({ sessions, messages, templates }: StartCheckParts) => ({
  async templateOf({ start }: UpdateSchedule): Promise<Template | undefined> {
    if (start?.template === undefined) return undefined;
    return templates.get(start.template).catch((error: unknown) => {
      if (isNotFound(error))
        throw invalidField("body.start.template", `is no template: ${JSON.stringify(start.template)}`);
      throw error;
    });
  },

  /** What could not be started now will not be later either. Nothing is written. */
  async checkStartable(content: Content): Promise<void> {
    if (content.sessionId !== null)
      await sessions.get(content.sessionId).catch((error: unknown) => {
        if (isNotFound(error)) throw invalidField("body.continue.sessionId", "is no session");
        throw error;
      });
    await prepareWork({ sessions, messages }, { id: "", ...content }, new Date()).catch(inStart);
  },
});

/** The session to start stands in `body.start`: there a caller finds what is wrong with it. */
function inStart(error: unknown): never {
  if (!(error instanceof AppError) || error.errors.length === 0) throw error;
  const errors = error.errors.map(({ field, message }) => ({
    field: field.replace(/^body\./, "body.start."),
    message,
  }));
  throw new AppError(error.code, errors.map(({ field, message }) => `${field} ${message}`).join("; "), {
    errors,
    cause: error,
  });
}
