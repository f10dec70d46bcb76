import type { PageQuery } from "../../contract/page.ts";
import type { CreateTemplate, Template, UpdateTemplate } from "../../contract/template.ts";
import type { Database } from "../../db/database.ts";
import { checkCronLine, checkTimeZone } from "../../lib/cron-line.ts";
import { encodeCursor, toPage } from "../../lib/cursor.ts";
import { AppError, invalidField } from "../../lib/errors.ts";
import { variablesIn } from "./fill-text.ts";
import {
  deleteTemplate,
  findSchedulesOf,
  findTemplate,
  findTemplates,
  insertTemplate,
  updateTemplate,
  type TemplateRow,
} from "./template-queries.ts";

export type TemplateService = ReturnType<typeof createTemplateService>;

const present = ({ id, createdAt, updatedAt, ...row }: TemplateRow): Template => ({
  templateId: id,
  ...row,
  createdAt: createdAt.toISOString(),
  updatedAt: updatedAt.toISOString(),
});

interface Preset {
  schedule?: Template["schedule"] | undefined;
}

/** Texts and declarations fit together: what is asked for is declared, and what is declared is asked for. */
function check({ variables, session, schedule }: Pick<CreateTemplate, "variables" | "session"> & Preset): void {
  const used = new Set<string>();
  for (const field of ["initialPrompt", "title"] as const)
    for (const name of variablesIn(`body.session.${field}`, session[field] ?? "")) {
      if (!Object.hasOwn(variables, name))
        throw invalidField(
          `body.session.${field}`,
          `asks for {{${name}}}, which is not declared: add it to body.variables`,
        );
      used.add(name);
    }
  const unused = Object.keys(variables).find((name) => !used.has(name));
  if (unused !== undefined)
    throw invalidField(
      `body.variables.${unused}`,
      `is declared, but no {{${unused}}} stands in initialPrompt or title`,
    );
  if (schedule?.cron !== undefined) checkCronLine("body.schedule.cron", schedule.cron);
  if (schedule?.timeZone !== undefined) checkTimeZone("body.schedule.timeZone", schedule.timeZone);
}

const notFound = (id: string) => new AppError("not_found", `There is no template ${id}`);
const taken = (name: string | undefined) =>
  new AppError("conflict", `There is a template with the name ${JSON.stringify(name)} already`);

/** Presets of sessions, known by a name. */
export function createTemplateService({ db }: { db: Database }) {
  async function find(id: string): Promise<TemplateRow> {
    const row = await findTemplate(db, id);
    if (!row) throw notFound(id);
    return row;
  }

  return {
    get: async (id: string): Promise<Template> => present(await find(id)),

    async list(page: PageQuery) {
      return toPage(await findTemplates(db, page), page.limit, {
        present,
        cursor: (row) => encodeCursor(row.createdAt.toISOString(), row.id),
      });
    },

    async create(body: CreateTemplate): Promise<Template> {
      check(body);
      const row = await insertTemplate(db, {
        ...body,
        description: body.description ?? null,
        schedule: body.schedule ?? null,
      });
      if (!row) throw taken(body.name);
      return present(row);
    },

    /** A field that is given replaces what was there as a whole. */
    async update(id: string, body: UpdateTemplate): Promise<Template> {
      const before = await find(id);
      const { variables = before.variables, session = before.session, schedule = before.schedule } = body;
      check({ variables, session, schedule });
      const row = await updateTemplate(db, id, body);
      if (row === "taken") throw taken(body.name);
      if (!row) throw notFound(id);
      return present(row);
    },

    async delete(id: string): Promise<void> {
      const names = (await findSchedulesOf(db, id)).map(({ name }) => JSON.stringify(name));
      if (names.length > 0)
        throw new AppError(
          "conflict",
          `Schedules start this template, delete or change them first: ${names.join(", ")}`,
        );
      if (!(await deleteTemplate(db, id))) throw notFound(id);
    },
  };
}
