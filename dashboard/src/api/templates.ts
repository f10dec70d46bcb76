import { queryOptions } from "@tanstack/react-query";
import type { z } from "zod";
import { type CreateTemplate, Template, TemplatePage } from "../../../src/contract/template.ts";
import { request, requestEmpty } from "./client.ts";
import { readPages } from "./read-pages.ts";

/** All templates, by name. */
export const templatesQuery = queryOptions({
  queryKey: ["templates"],
  queryFn: async ({ signal }) =>
    (await readPages(TemplatePage, "/api/templates", signal)).toSorted((a, b) => a.name.localeCompare(b.name)),
});

/** Whether sessions can be started from it with nobody there to say anything; the server judges by the same. */
export const startsByItself = ({ session, variables }: Template): boolean =>
  session.initialPrompt !== undefined &&
  Object.values(variables).every(({ required, default: preset }) => required === false || preset !== undefined);

export const createTemplate = (body: z.input<typeof CreateTemplate>) =>
  request(Template, "/api/templates", { method: "POST", body });

export const updateTemplate = (id: string, body: z.input<typeof CreateTemplate>) =>
  request(Template, `/api/templates/${id}`, { method: "PATCH", body });

export const deleteTemplate = (id: string) => requestEmpty(`/api/templates/${id}`, { method: "DELETE" });
