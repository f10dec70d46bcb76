import { z } from "zod";

/** One page of a list, newest first; `nextCursor` is null on the last. */
export const Page = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), nextCursor: z.string().nullable() });
export interface Page<T> {
  items: T[];
  nextCursor: string | null;
}

export const PageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(200).default(50).meta({ description: "The most items in one page." }),
  cursor: z
    .string()
    .max(200)
    .optional()
    .meta({ description: "The `nextCursor` of the page before; the first page without it." }),
});
export type PageQuery = z.infer<typeof PageQuery>;
