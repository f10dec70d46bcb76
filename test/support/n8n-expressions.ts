import { createContext, Script } from "node:vm";

/** Every text in a value, with the way to it. */
export function textsIn(value: unknown, path = ""): { path: string; text: string }[] {
  if (typeof value === "string") return [{ path, text: value }];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) => textsIn(child, path === "" ? key : `${path}.${key}`));
}

/** The pieces of JavaScript in a text; none when it is no expression (`=…`). */
export function expressionsIn(text: string): string[] {
  if (!text.startsWith("=")) return [];
  return [...text.matchAll(/\{\{([\s\S]*?)\}\}/gu)].map(([, code = ""]) => code.trim());
}

/** Why it is no expression; undefined when it is one. */
export function syntaxFault(code: string): string | undefined {
  try {
    void new Script(`(${code}\n)`);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** The names of the nodes that it looks at. */
export const nodesNamedIn = (code: string): string[] =>
  [...code.matchAll(/\$\(\s*(['"])(.+?)\1\s*\)/gu)].map(([, , name = ""]) => name);

/** Stands for any value: may be called, read, added to and gone through. */
const anything: unknown = new Proxy(() => anything, {
  get: (_, key) => {
    if (key === Symbol.toPrimitive) return () => "x";
    return key === Symbol.iterator ? undefined : anything;
  },
  apply: () => anything,
});
const NAMES = ["$", "$json", "$input", "$execution", "$workflow", "$now", "$itemIndex", "$runIndex"];
const world = createContext({
  ...Object.fromEntries(NAMES.map((name) => [name, anything])),
  JSON: { stringify: (it: unknown) => it },
});

/** The object that an expression `JSON.stringify({…})` makes, with "x" and the like for what only a run knows. */
export function objectOf(code: string): Record<string, unknown> {
  const made: unknown = new Script(`(${code}\n)`).runInContext(world, { timeout: 5_000 });
  if (typeof made !== "object" || made === null) throw new Error("is no JSON.stringify({…})");
  return made as Record<string, unknown>;
}

/** A value that the text itself holds, and not something a run will know. */
export const isFixed = (value: unknown): boolean => value !== anything && typeof value !== "function";
