/** Foreign words in our mrkdwn: nothing in them is a link, a person or a channel any more. */
export const escapeMrkdwn = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** Foreign words as code, in one line; a backtick would end it. */
export const inlineCode = (text: string): string =>
  `\`${escapeMrkdwn(text.replaceAll("`", "'").replaceAll(/\s+/g, " "))}\``;
