import { domainToASCII } from "node:url";

/** What our own mail server found out about who sent a mail (RFC 8601). */
export interface AuthenticationResults {
  results: { method: string; result: string; properties: Record<string, string> }[];
}

const MAX_RESULTS = 50;

/**
 * The verdict of the server called `authservId`: the topmost header of that name counts, and only when it is the
 * server's own. What stands below it the sender may have written himself. Undefined when the topmost is another one's.
 */
export function ownResults(headers: readonly string[], authservId: string): AuthenticationResults | undefined {
  const wanted = authservId.toLowerCase();
  const first = headers.find((value) => idOf(value) === wanted);
  return first === undefined ? undefined : parseResults(first);
}

const idOf = (value: string): string | undefined =>
  /^"?([^\s;"]+)"?(?:\s+\d+)?\s*$/.exec(withoutComments(value).split(";", 1)[0]?.trim() ?? "")?.[1]?.toLowerCase();

function parseResults(value: string): AuthenticationResults {
  const [, ...statements] = splitOutsideQuotes(withoutComments(value));
  const results = statements.slice(0, MAX_RESULTS).flatMap((statement) => {
    const [, method, result, rest] = /^\s*([\w-]+)(?:\s*\/\s*\d+)?\s*=\s*([\w-]+)([\s\S]*)$/.exec(statement) ?? [];
    if (method === undefined || result === undefined) return [];
    const found = (rest ?? "").matchAll(/([\w-]+)\s*\.\s*([\w-]+)\s*=\s*(?:"([^"]*)"|([^\s;]+))/g);
    const properties = Object.fromEntries(
      [...found].map(([, type, name, quoted, plain]) => [`${type}.${name}`.toLowerCase(), quoted ?? plain ?? ""]),
    );
    return [{ method: method.toLowerCase(), result: result.toLowerCase(), properties }];
  });
  return { results };
}

/**
 * Comments stand in parentheses and may nest; what is in quotes is none, and quotes within one mean nothing. Escaped
 * characters become harmless ones. Empty when a quote does not end: nobody knows then what belongs to it.
 */
function withoutComments(value: string): string {
  let [depth, quoted, kept] = [0, false, ""];
  for (const [piece] of value.matchAll(/\\.|[()"]|[^()"\\]+/g)) {
    if (!quoted && piece === "(") depth += 1;
    else if (!quoted && piece === ")") depth = Math.max(0, depth - 1);
    else if (depth === 0) {
      if (piece === '"') quoted = !quoted;
      kept += piece.startsWith("\\") ? "_" : piece;
    }
  }
  return quoted ? "" : kept;
}

/** Every quote ends. */
const splitOutsideQuotes = (value: string): string[] => value.match(/(?:"[^"]*"|[^;"])+/g) ?? [];

/** A domain as it is compared: small letters, as in DNS, without the dot at its end. */
export const plainDomain = (domain: string): string =>
  domainToASCII(domain.replace(/^.*@/, "").replace(/\.$/, "")).toLowerCase();

/** Whether a signature of `signer` speaks for mail of `author`: the same domain, or one above it. */
export function speaksFor(signer: string, author: string): boolean {
  const [signing, writing] = [plainDomain(signer), plainDomain(author)];
  return signing !== "" && signing.includes(".") && (writing === signing || writing.endsWith(`.${signing}`));
}
