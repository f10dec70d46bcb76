import { z } from "zod";
import { Page } from "./page.ts";
import { CreateSession } from "./session.ts";
import { Timing } from "./timing.ts";

const TemplateName = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .regex(/^[\p{L}\p{N}]/u, "must begin with a letter or a digit");

const VariableName = z.string().regex(/^[A-Za-z]\w{0,63}$/, "must be a name of letters, digits and _");

export const TemplateVariable = z.strictObject({
  description: z.string().max(500).optional(),
  required: z.boolean().optional().meta({
    description:
      "Whether it must be given; true when absent, unless there is a `default`. One that need not be is empty.",
  }),
  default: z.string().max(100_000).optional(),
});
export type TemplateVariable = z.infer<typeof TemplateVariable>;

const { shape } = CreateSession;
/** What a session may be made of, none of it needed. */
const fields = {
  ...shape,
  projectType: shape.projectType.optional(),
  tags: shape.tags.unwrap().optional(),
  metadata: shape.metadata.unwrap().optional(),
  source: shape.source.unwrap().optional(),
};

export const Variables = z
  .record(z.string().max(64), z.union([z.string().max(100_000), z.number(), z.boolean()]))
  .meta({ description: "Texts for the `{{variables}}` of the template. They stay text, whatever is in them." });
export type Variables = z.infer<typeof Variables>;

/** A session as it may be asked for: in full, or by a template, with what differs from it. */
export const StartSession = z
  .object({
    ...fields,
    template: z
      .string()
      .trim()
      .min(1)
      .max(100)
      .optional()
      .meta({ description: "Name or id of a template. What stands beside it in the request wins over it." }),
    variables: Variables.optional(),
  })
  .meta({ id: "StartSession" });
export type StartSession = z.infer<typeof StartSession>;

const { author: _author, source: _source, ...preset } = fields;

export const TemplateSession = z.strictObject(preset).meta({
  description:
    "What the session is made of. `initialPrompt` and `title` may hold `{{variables}}`; `\\{{` is a plain `{{`.",
});
export type TemplateSession = z.infer<typeof TemplateSession>;

const templateFields = {
  name: TemplateName,
  description: z.string().max(2_000).optional(),
  variables: z.record(VariableName, TemplateVariable),
  session: TemplateSession,
  schedule: z
    .strictObject(Timing.partial().shape)
    .optional()
    .meta({ description: "What a schedule that starts this template takes when it does not say otherwise." }),
};

export const CreateTemplate = z
  .object({ ...templateFields, variables: templateFields.variables.default({}) })
  .meta({ id: "CreateTemplate" });
export type CreateTemplate = z.infer<typeof CreateTemplate>;

export const UpdateTemplate = z
  .object({
    name: templateFields.name.optional(),
    description: z.string().max(2_000).nullable().optional(),
    variables: templateFields.variables.optional(),
    session: templateFields.session.optional(),
    schedule: templateFields.schedule.nullable(),
  })
  .refine((body) => Object.keys(body).length > 0, "must change something")
  .meta({ id: "UpdateTemplate" });
export type UpdateTemplate = z.infer<typeof UpdateTemplate>;

export const Template = z
  .object({
    templateId: z.uuid(),
    name: z.string(),
    description: z.string().nullable(),
    variables: z.record(z.string(), TemplateVariable),
    session: TemplateSession,
    schedule: z.strictObject(Timing.partial().shape).nullable(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: "Template" });
export type Template = z.infer<typeof Template>;

export const TemplatePage = Page(Template).meta({ id: "TemplatePage" });
