import { z } from "zod";

/**
 * The parameters of a path such as `/api/sessions/:id/threads/:threadId`, each with a description: an id that says
 * nothing of itself is that of what stands before it. A path without a shape of its own takes plain text.
 */
export function pathParams(path: string, shape: z.ZodType | undefined): z.ZodObject | undefined {
  const owners = new Map(
    [...path.matchAll(/([^/:]+)\/:(\w+)/gu)].map(([, owner = "", name = ""]) => [name, singular(owner)]),
  );
  if (owners.size === 0) return undefined;
  const known = shape instanceof z.ZodObject ? (shape.shape as Record<string, z.ZodType>) : {};
  return z.object(
    Object.fromEntries(
      [...owners].map(([name, owner]) => {
        const param = known[name] ?? z.string();
        return [name, param.meta()?.description === undefined ? param.meta({ description: `Which ${owner}.` }) : param];
      }),
    ),
  );
}

const singular = (plural: string): string => plural.replace(/ies$/u, "y").replace(/s$/u, "");
