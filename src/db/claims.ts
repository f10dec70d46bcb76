import { sql } from "kysely";

/** A time of the database's clock, so many milliseconds from now. */
export const fromNow = (ms: number) => sql<Date>`now() + ${ms} * interval '1 millisecond'`;

const isDouble = (error: unknown): boolean => error instanceof Error && "code" in error && error.code === "23505";

/**
 * Claims something of which the database lets only one be claimed at a time. When another process was faster at the same
 * moment, looks for the next.
 */
export async function claimUndoubled<T>(claim: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await claim();
    } catch (error) {
      if (!isDouble(error)) throw error;
    }
  }
}
