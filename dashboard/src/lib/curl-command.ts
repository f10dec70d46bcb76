import { shellQuote } from "./shell-quote.ts";

/** A curl line that does what a form does, ready for a shell. The key is named, never written out. */
export function curlCommand(url: string, body: object, withKey: boolean): string {
  const json = JSON.stringify(body, null, 2).replace(/^ {2}/gmu, " ");
  const lines = [`curl ${shellQuote(url)}`, " -H 'content-type: application/json'"];
  if (withKey) lines.push(' -H "authorization: Bearer $API_KEY"');
  return `${lines.join(" \\\n")} \\\n -d ${shellQuote(json)}`;
}
