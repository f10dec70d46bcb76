import { Marked, type Tokens } from "marked";
import sanitizeHtml, { type Transformer } from "sanitize-html";

/** Half-transparent greys: readable on white and on black, which the mail program chooses. */
const LINE = "rgba(127,127,127,0.4)";
const SHADE = "rgba(127,127,127,0.14)";
/** Seen on white and on black. */
const LINK = "color:#2b7bde";
const MONO = "ui-monospace,Menlo,Consolas,monospace";
const CELL = `border:1px solid ${LINE};padding:4px 8px;vertical-align:top;overflow-wrap:anywhere`;

/** Mail programs drop style sheets; each element carries its own. Long lines of code wrap: phones cannot scroll them. */
const STYLES: Record<string, string> = {
  p: "margin:0 0 12px",
  h1: "font-size:20px;line-height:1.3;margin:20px 0 8px",
  h2: "font-size:18px;line-height:1.3;margin:20px 0 8px",
  h3: "font-size:16px;line-height:1.3;margin:16px 0 8px",
  h4: "font-size:15px;margin:16px 0 8px",
  h5: "font-size:15px;margin:16px 0 8px",
  h6: "font-size:15px;margin:16px 0 8px",
  ul: "margin:0 0 12px;padding-left:24px",
  ol: "margin:0 0 12px;padding-left:24px",
  li: "margin:0 0 4px",
  blockquote: `margin:0 0 12px;padding:0 0 0 12px;border-left:3px solid ${LINE}`,
  hr: `border:0;border-top:1px solid ${LINE};margin:16px 0`,
  pre:
    `margin:0 0 12px;padding:10px 12px;background:${SHADE};border:1px solid ${LINE};border-radius:4px;` +
    `font-family:${MONO};font-size:13px;line-height:1.45;white-space:pre-wrap;overflow-wrap:anywhere`,
  code: `font-family:${MONO};font-size:13px;background:${SHADE};border-radius:3px;padding:0 3px;overflow-wrap:anywhere`,
  table: "border-collapse:collapse;margin:0 0 12px;font-size:14px",
  th: `${CELL};text-align:left;background:${SHADE}`,
  td: CELL,
  a: LINK,
};
/** Inside a block of code the block has the frame. */
const CODE_IN_BLOCK = `font-family:${MONO};font-size:13px`;
const PLAIN = ["br", "em", "strong", "del", "thead", "tbody", "tr"];
const ALIGNED = new Set(["th", "td"]);

export const escapeHtml = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

const marked = new Marked({
  gfm: true,
  renderer: {
    // What looks like HTML is text that speaks of HTML.
    html: ({ text, block }: Tokens.HTML | Tokens.Tag) =>
      block ? `<p>${escapeHtml(text.trim())}</p>\n` : escapeHtml(text),
    // Nothing is loaded from elsewhere when a mail is opened.
    image: ({ href, text }: Tokens.Image) => `<a href="${escapeHtml(href)}">${escapeHtml(text || href)}</a>`,
    checkbox: ({ checked }: Tokens.Checkbox) => (checked ? "&#9745; " : "&#9744; "),
    code: ({ text }: Tokens.Code) => `<pre><code class="block">${escapeHtml(text)}\n</code></pre>\n`,
  },
});

/** The element with our style and without anything of its own but where a link leads and how a cell is aligned. */
const restyle: Transformer = (tagName, given) => {
  const style = tagName === "code" && given["class"] === "block" ? CODE_IN_BLOCK : STYLES[tagName];
  const align = ALIGNED.has(tagName) ? given["align"] : undefined;
  const attribs: Record<string, string> = {};
  if (style !== undefined) attribs["style"] = align === undefined ? style : `${style};text-align:${align}`;
  if (tagName === "a" && given["href"] !== undefined) attribs["href"] = given["href"];
  if (tagName === "ol" && given["start"] !== undefined) attribs["start"] = given["start"];
  return { tagName, attribs };
};

const TAGS = [...Object.keys(STYLES), ...PLAIN];

/** HTML for mail programs from Markdown nobody vouches for: no scripts, no images, no styles but ours, links to the web and mail only. */
export function markdownToHtml(markdown: string): string {
  return sanitizeHtml(parse(markdown), {
    allowedTags: TAGS,
    allowedAttributes: { "*": ["style"], a: ["href", "style"], ol: ["start", "style"] },
    allowedSchemes: ["https", "http", "mailto"],
    allowProtocolRelative: false,
    // Every style is one of the above.
    parseStyleAttributes: false,
    transformTags: Object.fromEntries(TAGS.map((tag) => [tag, restyle])),
  });
}

/** Text that is nested without end is shown as it is. */
function parse(markdown: string): string {
  try {
    return marked.parse(markdown, { async: false });
  } catch {
    return `<pre><code class="block">${escapeHtml(markdown)}\n</code></pre>`;
  }
}
