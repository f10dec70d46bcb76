import sanitizeHtml from "sanitize-html";

/** What a style says of an element that nobody is to see; colours and style sheets are not judged. */
const HIDDEN_STYLE =
  /(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|mso-hide\s*:\s*all|(?:font-size|opacity|max-height|max-width|line-height)\s*:\s*0*\.?0+(?:px|pt|em|rem|%)?\s*(?=!|;|$)|text-indent\s*:\s*-\d{3,}|(?:left|top)\s*:\s*-\d{3,})/i;

const isHidden = (attributes: Record<string, string>): boolean =>
  "hidden" in attributes || HIDDEN_STYLE.test(attributes["style"] ?? "");

/**
 * The HTML of a mail without what its reader does not see: who hands on a mail must not ask for what somebody else hid
 * in it.
 */
export const visibleHtml = (html: string): string =>
  sanitizeHtml(html, {
    allowedTags: false,
    allowedAttributes: false,
    // Else a bare `hidden` would be dropped before it is looked at.
    nonBooleanAttributes: [],
    allowVulnerableTags: true,
    parseStyleAttributes: false,
    exclusiveFilter: ({ attribs }) => isHidden(attribs),
  });
