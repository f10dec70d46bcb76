import { z } from "zod";
import { Usage } from "./run.ts";

const Moment = z.union([z.iso.date(), z.iso.datetime({ offset: true })]);

export const UsageQuery = z.object({
  from: Moment.optional().meta({
    description: "A day (its start, in the server's time zone) or a time; 30 days ago when absent.",
    example: "2026-01-01",
  }),
  to: Moment.optional().meta({ description: "A day (its end) or a time; now when absent." }),
  by: z.enum(["day", "session", "model"]).default("day").meta({ description: "What a line of the answer is about." }),
});
export type UsageQuery = z.infer<typeof UsageQuery>;

/** Counts and sums of finished runs. */
export const UsageNumbers = z.object({
  runs: z.int(),
  succeeded: z.int(),
  failed: z.int(),
  cancelled: z.int(),
  costUsd: z.number(),
  tokens: Usage,
  durationMs: z.int().meta({ description: "Of Claude's work, all runs together." }),
  apiDurationMs: z.int(),
  failures: z.record(z.string(), z.int()).meta({ description: "Failed runs by reason." }),
});
export type UsageNumbers = z.infer<typeof UsageNumbers>;

export const UsageRow = UsageNumbers.extend({
  key: z.string().meta({ description: "The day, the session's id, or the model (`unknown` where none was named)." }),
  title: z.string().nullable().meta({ description: "Of the session, when by session." }),
});
export type UsageRow = z.infer<typeof UsageRow>;

export const BudgetState = z.object({
  of: z.enum(["day", "month"]),
  spentUsd: z.number().meta({ description: "With what runs have cost so far that are not finished." }),
  limitUsd: z.number().nullable(),
  until: z.iso.datetime().meta({ description: "When it begins anew." }),
});
export type BudgetState = z.infer<typeof BudgetState>;

export const UsageReport = z
  .object({
    from: z.iso.datetime(),
    to: z.iso.datetime(),
    timeZone: z.string().meta({ description: "That days and months are counted in." }),
    by: UsageQuery.shape.by.unwrap(),
    totals: UsageNumbers,
    rows: z.array(UsageRow).meta({ description: "Newest day first; sessions and models by cost." }),
    truncated: z.boolean().meta({ description: "There are more rows; the totals count them." }),
    budgets: z.array(BudgetState),
  })
  .meta({ id: "UsageReport" });
export type UsageReport = z.infer<typeof UsageReport>;
