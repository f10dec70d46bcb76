import { type CreateSession, Prompt } from "../../contract/session.ts";
import type { StartSession } from "../../contract/template.ts";
import type { Database } from "../../db/database.ts";
import { AppError, invalidField } from "../../lib/errors.ts";
import { beginsWithValue, fillText, valuesOf } from "./fill-text.ts";
import { findTemplate, type TemplateRow } from "./template-queries.ts";

type Preset = Omit<StartSession, "template" | "variables">;

/** The session that is asked for: its template, with what the request says over it. AppError "invalid" names the field. */
export async function resolveStart(db: Database, start: StartSession): Promise<CreateSession> {
  const { template, variables, ...given } = start;
  if (template !== undefined) {
    const row = await findTemplate(db, template);
    if (!row) throw new AppError("not_found", `There is no template ${JSON.stringify(template)}`);
    const preset = filled(row, variables ?? {}, given);
    return complete({ ...preset, ...given, metadata: { ...preset.metadata, ...given.metadata } }, row.name);
  }
  if (variables !== undefined) throw invalidField("body.variables", "needs a template whose variables they are");
  return complete(given);
}

function complete({ projectType, tags = [], metadata = {}, source = "api", ...rest }: Preset, template?: string) {
  if (projectType !== undefined) return { ...rest, projectType, tags, metadata, source };
  const why = template === undefined ? "" : `: the template ${JSON.stringify(template)} has none`;
  throw invalidField("body.projectType", `is required${why}`);
}

/** What the template says, with the variables in. A prompt or title that the request brings itself is not filled. */
function filled(template: TemplateRow, variables: NonNullable<StartSession["variables"]>, given: Preset): Preset {
  const values = valuesOf(template, variables);
  const { session } = template;
  const preset = { ...session };
  if (session.title !== undefined && given.title === undefined) preset.title = titleOf(fillText(session.title, values));
  if (session.initialPrompt !== undefined && given.initialPrompt === undefined)
    preset.initialPrompt = promptOf(template.name, session.initialPrompt, values);
  return preset;
}

const MAX_TITLE = 200;

const titleOf = (text: string): string =>
  text.replaceAll(/\s+/g, " ").trim().slice(0, MAX_TITLE).toWellFormed() || "Session";

function promptOf(name: string, text: string, values: ReadonlyMap<string, string>): string {
  const prompt = fillText(text, values);
  const result = Prompt.safeParse(beginsWithValue(text, values) ? `From the template ${name}:\n\n${prompt}` : prompt);
  if (result.success) return result.data;
  throw invalidField("body.variables", "make a prompt that is blank or longer than 1,000,000 characters");
}
