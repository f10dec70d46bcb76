/** What a person sees where Slack's markup stands: `<@U1>`, `<#C1|dev>`, `<https://x|label>`, `<!here>`, `&amp;`. */
export interface Names {
  /** The bot that is spoken to: mentions of it are left out. */
  botUserId: string;
  /** Display names by user id, as far as they are known. */
  people?: ReadonlyMap<string, string>;
}

const MARKUP = /<([@#!])([^>|]*)(?:\|([^>]*))?>|<((?:https?|mailto|tel|ftp):[^>|]*)(?:\|([^>]*))?>/g;

function unescape(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

/** `<!subteam^S1|@devs>`, `<!date^…|fallback>`, `<!here>` */
function special(id: string, label: string | undefined): string {
  if (label !== undefined && label !== "") return label;
  return `@${id.split("^")[0] ?? id}`;
}

function link(url: string, label: string | undefined): string {
  const address = url.replace(/^(?:mailto|tel):/, "");
  return label === undefined || label === "" || label === address || url.endsWith(label)
    ? address
    : `${label} (${address})`;
}

/** Slack's text as people read it; mentions of the bot are gone, nothing else is. */
export function plainText(text: string, { botUserId, people }: Names): string {
  const read = text.replaceAll(
    MARKUP,
    (
      _whole,
      sign: string | undefined,
      id: string | undefined,
      label?: string,
      url?: string,
      urlLabel?: string,
    ): string => {
      if (url !== undefined) return link(url, urlLabel);
      if (id === undefined) return "";
      if (sign === "!") return special(id, label);
      if (sign === "#") return `#${label === undefined || label === "" ? id : label}`;
      if (id === botUserId) return "";
      return `@${people?.get(id) ?? (label === undefined || label === "" ? id : label)}`;
    },
  );
  return unescape(read)
    .replaceAll(/[ \t]+$/gm, "")
    .trim();
}

/** The people a text mentions, each once, without the bot. */
export function mentionedPeople(text: string, botUserId: string): string[] {
  const ids = [...text.matchAll(/<@([UW][A-Z0-9]+)(?:\|[^>]*)?>/g)].flatMap(([, id]) => (id === undefined ? [] : [id]));
  return [...new Set(ids)].filter((id) => id !== botUserId);
}
