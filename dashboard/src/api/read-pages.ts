import type { z } from "zod";
import { request } from "./client.ts";

/** The server's largest page, and how many of them are read at most. */
const PAGE = 200;
const MOST_PAGES = 10;

/** All items of a list that people keep short, such as templates. */
export async function readPages<Item>(
  shape: z.ZodType<{ items: Item[]; nextCursor: string | null }>,
  path: string,
  signal: AbortSignal,
): Promise<Item[]> {
  const found: Item[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MOST_PAGES; page++) {
    const { items, nextCursor } = await request(shape, path, { signal, query: { limit: PAGE, cursor } });
    found.push(...items);
    if (nextCursor === null) break;
    cursor = nextCursor;
  }
  return found;
}
