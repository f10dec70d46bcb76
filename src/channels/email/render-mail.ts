import { cutMarkdown } from "./cut-markdown.ts";
import { escapeHtml, markdownToHtml } from "./mail-html.ts";
import { REPLY_MARKER } from "./reply-marker.ts";

/** What a mail of ours says, in the order of the page. */
export interface Letter {
  /** One line of plain text before all else, such as who asked what; null when the reader knows. */
  asked: string | null;
  markdown: string;
  /** Plain sentences about the mail itself, such as a file that could not come along. */
  notes: readonly string[];
  footer: readonly { text: string; href?: string }[];
}

export interface RenderedMail {
  text: string;
  html: string;
  /** The Markdown was too long: the mail holds its beginning. */
  cut: boolean;
}

/** Characters of an answer that stand in the mail itself; a longer one comes along whole as a file. */
export const MAX_BODY_CHARS = 40_000;
/** Gmail shows 102 KiB of a mail and hides the rest behind a link. */
const MAX_HTML_BYTES = 95_000;
const MIN_BODY_CHARS = 1_000;

const FONT = "font-family:system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";
const SMALL = "color:#808080;font-size:12px";

/** The two bodies of a mail: Markdown as it is, and HTML for programs that show it. `name` is the file that has all of it. */
export function renderMail(letter: Letter, name: string): RenderedMail {
  for (let max = MAX_BODY_CHARS; ; max = Math.floor(max / 2)) {
    const { text: markdown, whole } = cutMarkdown(letter.markdown, max);
    const notes = whole ? letter.notes : [`The answer goes on: all of it is in ${name}, attached.`, ...letter.notes];
    const shown = { ...letter, markdown, notes };
    const html = htmlOf(shown);
    if (Buffer.byteLength(html) <= MAX_HTML_BYTES || max < MIN_BODY_CHARS)
      return { text: textOf(shown), html, cut: !whole };
  }
}

function textOf({ asked, markdown, notes, footer }: Letter): string {
  const foot = footer.map(({ text, href }) => (href === undefined ? text : `${text}: ${href}`));
  const parts = [
    REPLY_MARKER,
    asked ?? "",
    markdown.trim(),
    notes.join("\n"),
    foot.length > 0 ? `--\n${foot.join("\n")}` : "",
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

const small = (html: string): string => `<p style="${SMALL};margin:0 0 12px">${html}</p>`;

function htmlOf({ asked, markdown, notes, footer }: Letter): string {
  const foot = footer.map(({ text, href }) =>
    href === undefined
      ? escapeHtml(text)
      : `<a href="${escapeHtml(href)}" style="color:#808080">${escapeHtml(text)}</a>`,
  );
  return [
    "<!DOCTYPE html>",
    '<html><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">',
    '<meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark"></head>',
    `<body style="margin:0;padding:8px"><div style="max-width:720px;${FONT};font-size:15px;line-height:1.5">`,
    small(escapeHtml(REPLY_MARKER)),
    asked === null ? "" : small(escapeHtml(asked)),
    markdownToHtml(markdown),
    ...notes.map((note) => small(escapeHtml(note))),
    foot.length > 0 ? small(foot.join(" &middot; ")) : "",
    "</div></body></html>",
  ].join("\n");
}
