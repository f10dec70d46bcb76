/** What a person sees where Slack's markup stands: `<@U1>`, `<#C1|dev>`, `<https://x|label>`, `<!here>`, `&amp;`. */
export interface Names {
  /** The bot that is spoken to: mentions of it are left out. */
  botUserId: string;
  /** Display names by user id, as far as they are known. */
  people?: ReadonlyMap<string, string>;
}

const MARKUP = /<(?<sign>[@#!]?)(?<id>[^>|]*)(?:\|(?<label>[^>]*))?>/g;
const ADDRESS = /^(?:https?|mailto|tel|ftp):/;

interface Markup {
  sign: string;
  id: string;
  label: string | undefined;
}

function unescape(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

/** `<!subteam^S1|@devs>`, `<!date^…|fallback>`, `<!here>` */
const special = ({ id, label }: Markup): string => label ?? `@${id.split("^")[0] ?? id}`;

const person = ({ id, label }: Markup, { botUserId, people }: Names): string =>
  id === botUserId ? "" : `@${people?.get(id) ?? label ?? id}`;

function link({ id: url, label }: Markup): string {
  if (!ADDRESS.test(url)) return `<${url}>`;
  const address = url.replace(/^(?:mailto|tel):/, "");
  return label === undefined || url.endsWith(label) ? address : `${label} (${address})`;
}

function readable(markup: Markup, names: Names): string {
  switch (markup.sign) {
    case "@":
      return person(markup, names);
    case "#":
      return `#${markup.label ?? markup.id}`;
    case "!":
      return special(markup);
    default:
      return link(markup);
  }
}

/** Slack's text as people read it; mentions of the bot are gone, nothing else is. */
export function plainText(text: string, names: Names): string {
  const parts: string[] = [];
  let at = 0;
  for (const match of text.matchAll(MARKUP)) {
    const { sign = "", id = "", label } = match.groups ?? {};
    parts.push(text.slice(at, match.index), readable({ sign, id, label: label === "" ? undefined : label }, names));
    at = match.index + match[0].length;
  }
  parts.push(text.slice(at));
  return unescape(parts.join(""))
    .replaceAll(/[ \t]+$/gm, "")
    .trim();
}

/** The people a text mentions, each once, without the bot. */
export function mentionedPeople(text: string, botUserId: string): string[] {
  const ids = [...text.matchAll(/<@([UW][A-Z0-9]+)(?:\|[^>]*)?>/g)].flatMap(([, id]) => (id === undefined ? [] : [id]));
  return [...new Set(ids)].filter((id) => id !== botUserId);
}
