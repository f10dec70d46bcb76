import type { TemplateVariable } from "../../contract/template.ts";
import { invalidField } from "../../lib/errors.ts";
import { inertPart } from "../../lib/inert.ts";

/** A plain `{{`, a `{{name}}`, or braces that are neither. */
const PIECES = /\\\{\{|\{\{\s*([^{}]*?)\s*\}\}|\{\{/g;
const NAME = /^[A-Za-z]\w{0,63}$/;

/** The variables a text asks for. AppError "invalid" names `field` when braces hold something else. */
export function variablesIn(field: string, text: string): Set<string> {
  const names = new Set<string>();
  for (const [piece, name] of text.matchAll(PIECES)) {
    if (piece === "\\{{") continue;
    if (name === undefined || !NAME.test(name))
      throw invalidField(
        field,
        `has ${JSON.stringify(piece)}, which is no {{variable}}: letters, digits and _; for plain braces write \\{{`,
      );
    names.add(name);
  }
  return names;
}

/** A path that stands open at the end of a text would be continued by what comes next. */
const OPEN_PATH = /\S+$|@"[^"]*$/;

/**
 * The text with its variables' values. They are text from outside and stay text: no braces in them are looked at again,
 * and no `@` that they bring or continue makes Claude inline a file.
 */
export const fillText = (text: string, values: ReadonlyMap<string, string>): string =>
  pieces(text, values).reduce(
    (filled, { text: next, isValue }) =>
      isValue ? filled.replace(OPEN_PATH, inertPart) + inertPart(next) : filled + next,
    "",
  );

/** Whether a prompt's first word comes from a variable: it could be a command of Claude's. */
export function beginsWithValue(text: string, values: ReadonlyMap<string, string>): boolean {
  let before = "";
  for (const { text: next, isValue } of pieces(text, values)) {
    if (isValue) return true;
    before += next;
    if (/\S\s/.test(before)) return false;
  }
  return false;
}

interface Piece {
  text: string;
  isValue: boolean;
}

function pieces(text: string, values: ReadonlyMap<string, string>): Piece[] {
  const found: Piece[] = [];
  let end = 0;
  for (const match of text.matchAll(PIECES)) {
    const [piece, name] = match;
    found.push({ text: text.slice(end, match.index), isValue: false });
    found.push(name === undefined ? { text: "{{", isValue: false } : { text: values.get(name) ?? "", isValue: true });
    end = match.index + piece.length;
  }
  return [...found, { text: text.slice(end), isValue: false }];
}

/** A value for each variable a template declares. AppError "invalid" names one that is missing, or that it does not know. */
export function valuesOf(
  template: { name: string; variables: Readonly<Record<string, TemplateVariable>> },
  given: Readonly<Record<string, string | number | boolean>>,
): Map<string, string> {
  const { name: of, variables } = template;
  const known = Object.keys(variables);
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(variables, name));
  if (unknown !== undefined)
    throw invalidField(
      `body.variables.${unknown}`,
      `is not a variable of the template ${JSON.stringify(of)}, which has ${known.length > 0 ? known.join(", ") : "none"}`,
    );
  return new Map(
    Object.entries(variables).map(([name, { required = true, default: preset }]) => {
      const value = (Object.hasOwn(given, name) ? given[name] : undefined) ?? preset;
      if (value === undefined && required)
        throw invalidField(`body.variables.${name}`, `is required by the template ${JSON.stringify(of)}`);
      return [name, String(value ?? "")];
    }),
  );
}
