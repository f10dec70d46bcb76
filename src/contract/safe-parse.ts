import type { z } from "zod";

export type SafelyParsed<T> =
  | { success: true; data: T; error?: undefined }
  | { success: false; data?: undefined; error: { issues: z.core.$ZodIssue[] } };

/**
 * As `shape.safeParse`, for values of anybody's making, for which that can throw: zod measures whatever has a `length` or
 * `size`, before it minds that this is no text and no list, and what stands there may be an object that cannot be compared.
 */
export function safeParse<Shape extends z.ZodType>(shape: Shape, value: unknown): SafelyParsed<z.output<Shape>> {
  try {
    const result = shape.safeParse(value);
    return result.success ? { success: true, data: result.data } : { success: false, error: result.error };
  } catch {
    const issue = { code: "custom" as const, path: [], message: "is not valid", input: undefined };
    return { success: false, error: { issues: [issue] } };
  }
}
