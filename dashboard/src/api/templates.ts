import { queryOptions } from "@tanstack/react-query";
import { type Template, TemplatePage } from "../../../src/contract/template.ts";
import { request } from "./client.ts";

/** The server's largest page, and how many of them are read at most. */
const PAGE = 200;
const MOST_PAGES = 10;

async function readAll(signal: AbortSignal): Promise<Template[]> {
  const found: Template[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MOST_PAGES; page++) {
    const answer = await request(TemplatePage, "/api/templates", { signal, query: { limit: PAGE, cursor } });
    found.push(...answer.items);
    if (answer.nextCursor === null) break;
    cursor = answer.nextCursor;
  }
  return found;
}

/** All templates, by name. */
export const templatesQuery = queryOptions({
  queryKey: ["templates"],
  queryFn: async ({ signal }) => (await readAll(signal)).toSorted((a, b) => a.name.localeCompare(b.name)),
});

/** Whether sessions can be started from it with nobody there to say anything; the server judges by the same. */
export const startsByItself = ({ session, variables }: Template): boolean =>
  session.initialPrompt !== undefined &&
  Object.values(variables).every(({ required, default: preset }) => required === false || preset !== undefined);
