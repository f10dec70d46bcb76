import { shellQuote } from "./shell-quote.ts";

const HEADER = "-H 'content-type: application/json'";
/** The key is named, never written out. */
const KEY = '-H "authorization: Bearer $API_KEY"';
const WIDTH = 68;

/** A curl line that does what a form does, ready for a shell, one field a line. */
export function curlCommand(url: string, body: object, withKey: boolean): string {
  const lines = [
    `curl ${shellQuote(url)}`,
    ` ${HEADER}`,
    ...(withKey ? [` ${KEY}`] : []),
    ` -d ${shellQuote(JSON.stringify(body, null, 2))}`,
  ];
  return lines.join(" \\\n");
}

/** The same in as few lines as are easy to read. */
export function shortCurlCommand(url: string, body: object, withKey: boolean): string {
  let data = "{";
  let width = 0;
  for (const [name, value] of Object.entries(body)) {
    const field = `${JSON.stringify(name)}: ${JSON.stringify(value)}`;
    const breaks = width > 0 && width + field.length > WIDTH;
    data += `${width === 0 ? "" : breaks ? ",\n       " : ", "}${field}`;
    width = breaks ? field.length : width + field.length;
  }
  return `curl ${shellQuote(url)} ${HEADER} \\\n${withKey ? `  ${KEY} \\\n` : ""}  -d ${shellQuote(`${data}}`)}`;
}
