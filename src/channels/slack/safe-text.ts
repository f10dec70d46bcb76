/** Stands between the letters of what would ping; nobody sees it. */
const BREAK = "\u200b";

/** `<!channel>`, `<!subteam^S1>`, `<@U1>` in any spelling, with what a reader of Markdown would drop in between. */
const CODED =
  /<(?=[\\\u200b-\u200f\u2060\ufeff\u00ad]*(?:!(?!--|doctype\b|\[CDATA\[)|@|&#0*(?:33|64);|&#x0*(?:21|40);|&(?:excl|commat);))/giu;
/** The same written as entities, which a reader of Markdown turns back. */
const ENTITY =
  /&(?=(?:lt|#0*60|#x0*3c);[\\\u200b-\u200f\u2060\ufeff\u00ad]*(?:!|@|&#0*(?:33|64);|&#x0*(?:21|40);|&(?:excl|commat);))/giu;
const BROADCAST = /@(?=[\\_*]*(?:channel|here|everyone|group)\b)/giu;

/** Text of Claude or of anybody else as Markdown that can ping nobody; `<!-- -->` and `<!doctype>` stay what they are. */
export const safeMarkdown = (text: string): string =>
  text.replace(CODED, `<${BREAK}`).replace(ENTITY, `&${BREAK}`).replace(BROADCAST, `@${BREAK}`);

/** The same for Slack's own markup (fallback texts, titles, status lines), where only `&`, `<` and `>` have a meaning. */
export const safeMrkdwn = (text: string): string =>
  text.replace(BROADCAST, `@${BREAK}`).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** A name or title as plain text in one line. */
export function safeTitle(text: string, max: number): string {
  const line = safeMarkdown(text).replace(/\s+/gu, " ").trim();
  return line.length > max ? `${line.slice(0, max - 1).replace(/[\uD800-\uDBFF]$/, "")}…` : line;
}

/** How much of a growing text may be shown: its end may be the beginning of something that must not be. */
export function settledLength(text: string): number {
  const from = Math.max(0, text.length - 30);
  const tail = text.slice(from);
  const open = /[<@&][^\s>]*$/u.exec(tail);
  return open ? from + open.index : text.length;
}
