import { z } from "zod";

export const DiffFile = z.object({
  path: z.string(),
  previousPath: z.string().nullable(),
  status: z.enum(["added", "modified", "deleted", "renamed"]),
  added: z.int().nullable().meta({ description: "Lines added; null for a binary file." }),
  removed: z.int().nullable(),
});
export type DiffFile = z.infer<typeof DiffFile>;

/** What the session changed against the commit it started from, untracked files included. */
export const Diff = z
  .object({
    sessionId: z.uuid(),
    base: z.string().nullable(),
    files: z.array(DiffFile),
    added: z.int(),
    removed: z.int(),
    patch: z.string(),
    truncated: z.boolean().meta({ description: "The patch was longer than the cap; `files` is still complete." }),
  })
  .meta({ id: "Diff" });
export type Diff = z.infer<typeof Diff>;
