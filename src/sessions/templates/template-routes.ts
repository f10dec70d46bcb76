import { Router } from "express";
import { z } from "zod";
import { PageQuery } from "../../contract/page.ts";
import { CreateTemplate, Template, TemplatePage, UpdateTemplate } from "../../contract/template.ts";
import { reply, route } from "../../http/route.ts";
import type { TemplateService } from "./template-service.ts";

const Params = z.object({ id: z.uuid() });
const tags = ["Templates"];

export function createTemplateRoutes({ templates }: { templates: TemplateService }): Router {
  const router = Router();

  route(
    router,
    "GET /api/templates",
    { summary: "List templates, newest first", tags, query: PageQuery, response: TemplatePage },
    ({ query }) => templates.list(query),
  );

  route(
    router,
    "POST /api/templates",
    {
      summary: "Make a template",
      description:
        "A preset of a session with a name. Start one with `POST /api/sessions {template, variables}`; what else the request says wins over the template.",
      tags,
      body: CreateTemplate,
      response: Template,
      status: 201,
      headers: { Location: "The address of the new template" },
    },
    async ({ body }) => {
      const template = await templates.create(body);
      return reply(template, { status: 201, headers: { Location: `/api/templates/${template.templateId}` } });
    },
  );

  route(
    router,
    "GET /api/templates/:id",
    { summary: "Read a template", tags, params: Params, response: Template },
    ({ params }) => templates.get(params.id),
  );

  route(
    router,
    "PATCH /api/templates/:id",
    {
      summary: "Change a template",
      description:
        "A field that is given replaces what was there as a whole. Sessions that were started by it stay as they are.",
      tags,
      params: Params,
      body: UpdateTemplate,
      response: Template,
    },
    ({ params, body }) => templates.update(params.id, body),
  );

  route(
    router,
    "DELETE /api/templates/:id",
    {
      summary: "Delete a template",
      description: "Refused with 409 while a schedule starts it. Sessions that were started by it stay.",
      tags,
      params: Params,
    },
    ({ params }) => templates.delete(params.id),
  );

  return router;
}
